public import Base

/// Takes a job's output. Rows become visible only when their epoch is committed.
///
/// The order of an epoch: every worker's writer takes rows, then prepares; the job notes the handles in its checkpoint;
/// then `commit` makes them visible. After a crash, `commit` of the last noted epoch is called again, then
/// `abort(after:)` throws away what later epochs had prepared.
public protocol StreamSink: Sendable {
    /// A writer for one worker, made on that worker's thread.
    func openWriter(worker: Int) throws -> any SinkWriter
    /// Makes an epoch's rows visible, all or none. Called again for the same epoch it must change nothing.
    func commit(epoch: Epoch, handles: [[UInt8]]) throws
    /// Throws away whatever epochs after `epoch` have prepared.
    func abort(after epoch: Epoch) throws
}

/// One worker's way into a sink.
public protocol SinkWriter: AnyObject {
    func write(_ changes: ChangeBatch) throws
    /// Makes the rows since the last call durable but not visible.
    ///
    /// - Returns: what `commit` needs to find them; stored in the checkpoint. Empty where there is nothing to commit.
    func prepare(epoch: Epoch) throws -> [UInt8]
    /// Throws away rows that were not prepared; nothing follows.
    func discard()
}
