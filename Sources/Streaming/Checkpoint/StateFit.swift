internal import Base

/// Tells whether a job's state and what its sinks have belong together.
///
/// The order of an epoch is: the checkpoint is on disk, then every sink has its rows, then the store notes that. So a sink
/// may be behind the state by the checkpoint's own epoch, and by nothing else; it is never ahead.
struct StateFit {
    let directory: String
    /// nil before the first.
    let checkpoint: Checkpoint?
    /// Whether the store knows that all sinks have the checkpoint's rows.
    let isCommitted: Bool

    /// - Throws: `sinkReplaced`, `stateBehind`, `sinkBehind`.
    func check(_ standing: SinkStanding, sink index: Int) throws(StreamingError) {
        let (place, newest) = (standing.place, standing.newest ?? .none)
        guard let checkpoint else {
            guard newest == .none else {
                throw .stateBehind(directory: directory, place: place, state: .none, found: newest)
            }
            return
        }
        let note = checkpoint.sinks[index]
        if standing.isLasting, standing.identity != note.identity {
            throw .sinkReplaced(
                place: place, directory: directory, expected: note.identity, found: standing.identity)
        }
        let (before, through) = (note.rowsBefore, checkpoint.rowsThrough(sink: index))
        guard newest <= through else {
            throw .stateBehind(directory: directory, place: place, state: through, found: newest)
        }
        guard standing.isLasting, newest != through, isCommitted || newest != before else { return }
        throw .sinkBehind(place: place, directory: directory, expected: through, found: standing.newest)
    }
}
