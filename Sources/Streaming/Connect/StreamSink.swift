public import Base

/// Takes a job's output. Rows become visible only when their epoch is committed.
///
/// The order of an epoch: every worker's writer takes rows, then prepares; the job notes the handles in its checkpoint;
/// then `commit` makes them visible. After a crash, `commit` of the last noted epoch is called again, then
/// `abort(after:)` throws away what later epochs had prepared.
public protocol StreamSink: Sendable {
    /// Called at each start, before everything else: what the sink has of this job.
    ///
    /// - Parameter life: the id of the job's state, which a state made anew does not share. Epochs of other lives are
    ///   other epochs.
    /// - Returns: nil where the sink does not remember.
    /// - Throws: where the sink holds rows that another life of the job would write once more.
    func open(life: String) throws -> SinkStanding?
    /// A writer for one worker, made on that worker's thread.
    func openWriter(worker: Int) throws -> any SinkWriter
    /// Makes an epoch's rows visible, all or none. Called again for the same epoch it must change nothing.
    func commit(epoch: Epoch, handles: [[UInt8]]) throws
    /// Throws away whatever epochs after `epoch` have prepared.
    func abort(after epoch: Epoch) throws
}

extension StreamSink {
    public func open(life: String) throws -> SinkStanding? { nil }
}

/// What a sink has of a job, to be compared with the job's state.
public struct SinkStanding: Sendable, Hashable {
    /// Where people find the sink.
    public let place: String
    /// Differs for whatever takes the sink's place under the same name: a table's id.
    public let identity: String
    /// The newest epoch of this life of the job that it has rows of; nil where there is none.
    public let newest: Epoch?
    /// Whether rows stay for ever. Topics forget, and may be made anew.
    public let isLasting: Bool

    public init(place: String, identity: String, newest: Epoch?, isLasting: Bool) {
        (self.place, self.identity, self.newest, self.isLasting) = (place, identity, newest, isLasting)
    }
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
