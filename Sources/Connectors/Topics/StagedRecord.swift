internal import Base
internal import Columnar
internal import EventLog

/// A record on its way into a topic, as the checkpoint keeps it.
///
///     varint length + 1 of the key (0: none), key; varint length, value; varint headers, each name and value + 1
struct StagedRecord {
    let key: [UInt8]?
    let value: [UInt8]
    let headers: [RecordHeader]

    var byteCount: Int {
        40 + (key?.count ?? 0) + value.count + headers.reduce(0) { $0 + $1.key.utf8.count + ($1.value?.count ?? 0) + 4 }
    }

    init(key: [UInt8]?, value: [UInt8], headers: [RecordHeader]) {
        (self.key, self.value, self.headers) = (key, value, headers)
    }

    /// A row of `DeadLetter.schema`: the payload as it came, everything else as headers.
    init(deadLetter batch: RecordBatch, _ row: Int, more: [RecordHeader]) {
        func text(_ column: Int) -> [UInt8]? {
            let view = BytesView(batch.columns[column])
            return view.isNull(row) ? nil : unsafe [UInt8](view[row])
        }
        let partition = PrimitiveView<Int32>(batch.columns[1])
        self.init(
            key: nil, value: text(5) ?? [],
            headers: [
                RecordHeader(key: "gariep.topic", value: text(0)),
                RecordHeader(
                    key: "gariep.partition", value: partition.isNull(row) ? nil : Array("\(partition[row])".utf8)),
                RecordHeader(key: "gariep.offset", value: text(2)), RecordHeader(key: "gariep.code", value: text(3)),
                RecordHeader(key: "gariep.cause", value: text(4)),
            ] + more)
    }

    func encode(into writer: inout ByteWriter) {
        Self.write(key, &writer)
        Self.write(value, &writer)
        writer.unsignedVarint(UInt64(headers.count))
        for header in headers {
            Self.write(Array(header.key.utf8), &writer)
            Self.write(header.value, &writer)
        }
    }

    private static func write(_ bytes: [UInt8]?, _ writer: inout ByteWriter) {
        writer.unsignedVarint(UInt64((bytes?.count ?? -1) + 1))
        if let bytes { writer.append(bytes) }
    }

    static func decode(_ bytes: [UInt8]) throws -> [StagedRecord] {
        try unsafe bytes.withUnsafeBytes { buffer in
            var reader = unsafe ByteReader(buffer)
            func field() throws -> [UInt8]? {
                guard let length = reader.unsignedVarint() else { throw damaged }
                if length == 0 { return nil }
                guard length - 1 <= UInt64(reader.remaining), let taken = unsafe reader.take(Int(length - 1)) else {
                    throw damaged
                }
                return unsafe [UInt8](taken)
            }
            var records: [StagedRecord] = []
            while reader.remaining > 0 {
                let key = try field()
                guard let value = try field(), let count = reader.unsignedVarint(), count <= UInt64(reader.remaining)
                else {
                    throw damaged
                }
                var headers: [RecordHeader] = []
                for _ in 0..<count {
                    guard let name = try field() else { throw damaged }
                    headers.append(RecordHeader(key: String(decoding: name, as: UTF8.self), value: try field()))
                }
                records.append(StagedRecord(key: key, value: value, headers: headers))
            }
            return records
        }
    }

    private static var damaged: LogError { .invalidBatch(problem: "a checkpoint's staged records are damaged") }
}
