internal import Base

/// Decides when a checkpoint begins and when it is complete. Knows no clock, disk or thread.
///
/// Source: Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015, section 4.
struct CheckpointCoordinator {
    enum Action: Equatable { case nothing, injectBarrier(Epoch), write(Epoch), commitSinks(Epoch) }
    private enum Phase: Equatable { case idle, awaiting(Set<Int>), writing, committing }

    let workers: Int
    let intervalMicros: Int64
    /// A checkpoint begins early once this many rows were read since the last.
    let rowsMax: Int64
    private var phase = Phase.idle
    private(set) var last: Epoch
    private var lastMicros: Int64
    private var rows: Int64 = 0
    private var asked = false

    init(workers: Int, intervalMicros: Int64, rowsMax: Int64, last: Epoch, nowMicros: Int64) {
        (self.workers, self.intervalMicros, self.rowsMax) = (workers, intervalMicros, rowsMax)
        (self.last, lastMicros) = (last, nowMicros)
    }

    /// The epoch under way, which is not yet visible.
    var current: Epoch? { phase == .idle ? nil : last.next }

    /// When the next checkpoint is due by time; nil while one is under way or nothing has happened since the last.
    var dueMicros: Int64? { phase == .idle && rows > 0 ? lastMicros + intervalMicros : nil }

    mutating func observe(rows more: Int64, nowMicros: Int64) -> Action {
        rows += more
        return begin(nowMicros)
    }

    mutating func timePassed(nowMicros: Int64) -> Action { begin(nowMicros) }

    /// Somebody wants a checkpoint now: a job that stops, a worker whose state is over its budget.
    mutating func request(nowMicros: Int64) -> Action {
        asked = true
        return begin(nowMicros)
    }

    private mutating func begin(_ nowMicros: Int64) -> Action {
        guard phase == .idle else { return .nothing }  // One at a time keeps recovery simple.
        guard asked || rows >= rowsMax || dueMicros.map({ nowMicros >= $0 }) == true else { return .nothing }
        asked = false
        rows = 0
        lastMicros = nowMicros
        phase = .awaiting(Set(0..<workers))
        return .injectBarrier(last.next)
    }

    /// A worker's operators and sinks have prepared `epoch`.
    mutating func prepared(worker: Int, epoch: Epoch) -> Action {
        guard case .awaiting(var missing) = phase, epoch == last.next else { return .nothing }
        missing.remove(worker)
        phase = missing.isEmpty ? .writing : .awaiting(missing)
        return missing.isEmpty ? .write(epoch) : .nothing
    }

    /// The checkpoint is on disk: from here on it holds, whatever happens.
    mutating func written(epoch: Epoch) -> Action {
        guard phase == .writing, epoch == last.next else { return .nothing }
        phase = .committing
        return .commitSinks(epoch)
    }

    mutating func committed(epoch: Epoch, nowMicros: Int64) -> Action {
        guard phase == .committing, epoch == last.next else { return .nothing }
        last = epoch
        phase = .idle
        return begin(nowMicros)
    }
}
