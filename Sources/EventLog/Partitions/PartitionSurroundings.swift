internal import Base

/// What all partitions of a log share.
struct PartitionSurroundings: Sendable {
    let fileSystem: any LogFileSystem
    let clock: any WallClock
    let flusher: Flusher
    let tails: TailBudget
    let openFiles: OpenFiles
}
