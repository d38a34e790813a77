public import Base
public import EventLog
public import Streaming
internal import Synchronization

/// Takes the records of one topic that a stream could not decode to the topic's dead letters, which may have them from
/// another stream already.
public final class DeadLetterSink: StreamSink {
    private let log: DurableLog
    private let source: TopicName
    private let letters: DeadLetterTopic
    /// The id of the source's topic, as of the last `open`.
    private let sourceID = Mutex("")

    public init(log: DurableLog, source: TopicName, letters: DeadLetterTopic) {
        (self.log, self.source, self.letters) = (log, source, letters)
    }

    public func open(life: String) throws -> SinkStanding? {
        guard let description = log.topic(source) else { throw LogError.unknownTopic(source.value) }
        sourceID.withLock { $0 = description.id.description }
        try letters.open()
        // Letters know by themselves whether they are there; epochs say nothing.
        return nil
    }

    public func openWriter(worker: Int) throws -> any SinkWriter {
        DeadLetterWriter(topicID: sourceID.withLock { $0 })
    }

    public func commit(epoch: Epoch, handles: [[UInt8]]) throws {
        var records: [StagedRecord] = []
        for handle in handles { records += try StagedRecord.decode(handle) }
        try letters.write(records)
    }

    public func abort(after epoch: Epoch) throws {}
}

private final class DeadLetterWriter: SinkWriter {
    private let topicID: RecordHeader
    private var staged = ByteWriter()

    init(topicID: String) {
        self.topicID = RecordHeader(key: DeadLetterTopic.topicIDHeader, value: Array(topicID.utf8))
    }

    func write(_ changes: ChangeBatch) throws {
        for row in 0..<changes.count {
            StagedRecord(deadLetter: changes.batch, row, more: [topicID]).encode(into: &staged)
        }
    }

    func prepare(epoch: Epoch) throws -> [UInt8] {
        defer { discard() }
        return staged.bytes
    }

    func discard() { staged = ByteWriter() }
}
