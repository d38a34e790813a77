internal import Base
internal import EventLog

extension PartitionHandle {
    /// Gives every durable record from an offset on, in order.
    func forEachRecord(from start: Offset, _ body: (RecordView) throws -> Void) throws {
        var offset = max(start, startOffset)
        while true {
            let chunk = try read(from: offset, bytesMax: 1 << 20)
            guard !chunk.isEmpty else { return }
            var reader = RecordBatchReader(chunk)
            while let record = try reader.next() { try body(record) }
            offset = chunk.nextOffset
        }
    }
}
