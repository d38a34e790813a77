internal import Base
public import Columnar

/// Avro object container files, without compression.
///
///     4 bytes    "Obj" 1
///     map        metadata: avro.schema (JSON), avro.codec
///     16 bytes   sync marker
///     blocks:    long records, long bytes, the records, sync marker
///
/// Source: Apache Avro 1.12 Specification, "Object Container Files".
public enum AvroFile {
    static let magic: [UInt8] = [0x4f, 0x62, 0x6a, 0x01]
    static let syncBytes = 16

    /// Reads a whole file into one batch.
    ///
    /// - Parameter reader: the schema to read as; nil for the file's own.
    /// - Throws: `malformedFile`, `unsupportedCodec`, and what `AvroDecoder` throws.
    public static func read(_ bytes: [UInt8], as reader: AvroSchema? = nil) throws(AvroError) -> RecordBatch {
        let result = unsafe bytes.withUnsafeBytes { buffer in
            Result { () throws(AvroError) in try read(unsafe ByteReader(buffer), as: reader) }
        }
        return try result.get()
    }

    private static func read(_ bytes: ByteReader, as reader: AvroSchema?) throws(AvroError) -> RecordBatch {
        var bytes = bytes
        let (schema, sync) = try header(&bytes)
        let decoder = try AvroDecoder(writer: schema, reader: reader)
        while bytes.remaining > 0 {
            let start = bytes.position
            guard let count = bytes.zigzagVarint(), let length = bytes.zigzagVarint(), count >= 0,
                length >= 0, length <= bytes.remaining - syncBytes
            else { throw .malformedFile(expected: "a block", found: "a broken or cut one", position: start) }
            // Records without bytes exist, but a few bytes must not ask for billions of them.
            guard count <= max(length, 1 << 16) else {
                throw .malformedFile(
                    expected: "records with bytes", found: "\(count) in \(length) bytes", position: start)
            }
            let end = bytes.position + Int(length)
            for _ in 0..<count {
                guard bytes.position < end || length == 0 else {
                    throw .malformedFile(
                        expected: "\(count) records in the block", found: "fewer", position: bytes.position)
                }
                guard decoder.count < Int(Int32.max) else { throw .batchFull(path: "the file") }
                try decoder.decodeNext(&bytes)
            }
            guard bytes.position == end else {
                throw .malformedFile(
                    expected: "the block's end at byte \(end)", found: "byte \(bytes.position)", position: start)
            }
            guard let marker = unsafe bytes.take(syncBytes), unsafe marker.elementsEqual(sync) else {
                throw .malformedFile(expected: "the sync marker", found: "other bytes", position: end)
            }
        }
        return decoder.finish()
    }

    private static func header(_ bytes: inout ByteReader) throws(AvroError) -> (schema: AvroSchema, sync: [UInt8]) {
        guard let start = unsafe bytes.take(4), unsafe start.elementsEqual(magic) else {
            throw .malformedFile(expected: "Obj and the byte 1", found: "other bytes", position: 0)
        }
        var metadata: [String: [UInt8]] = [:]
        while true {
            let position = bytes.position
            let broken = AvroError.malformedFile(
                expected: "metadata", found: "broken or cut metadata", position: position)
            guard let count = bytes.zigzagVarint() else { throw broken }
            if count == 0 { break }
            if count < 0, bytes.zigzagVarint() == nil { throw broken }
            guard count.magnitude <= UInt64(bytes.remaining) else { throw broken }
            for _ in 0..<count.magnitude {
                guard let keyLength = bytes.zigzagVarint(), let key = unsafe bytes.take(Int(keyLength)),
                    let length = bytes.zigzagVarint(), let value = unsafe bytes.take(Int(length))
                else { throw broken }
                metadata[unsafe String(decoding: key, as: UTF8.self)] = unsafe Array(value)
            }
        }
        let codec = metadata["avro.codec"].map { String(decoding: $0, as: UTF8.self) } ?? "null"
        guard codec == "null" else { throw .unsupportedCodec(codec) }
        guard let text = metadata["avro.schema"] else {
            throw .malformedFile(expected: "avro.schema in the metadata", found: "none", position: 4)
        }
        let position = bytes.position
        guard let sync = unsafe bytes.take(syncBytes) else {
            throw .malformedFile(expected: "a sync marker", found: "the end of the file", position: position)
        }
        return (try AvroSchema(parsing: String(decoding: text, as: UTF8.self)), unsafe Array(sync))
    }

    /// A file of the batch's rows.
    ///
    /// - Parameters:
    ///   - random: where the sync marker comes from.
    ///   - blockBytes: a block ends with the record that reaches so many bytes.
    /// - Throws: what `AvroEncoder` throws.
    public static func write(
        _ batch: RecordBatch, as schema: AvroSchema, blockBytes: Int = 64 << 10,
        random: inout some RandomNumberGenerator
    ) throws(AvroError) -> [UInt8] {
        let sync = (0..<syncBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        var file = ByteWriter(reserving: blockBytes * 2)
        file.append(magic)
        let metadata = [("avro.schema", schema.text), ("avro.codec", "null")]
        file.zigzagVarint(Int64(metadata.count))
        for (key, value) in metadata {
            file.zigzagVarint(Int64(key.utf8.count))
            file.append(key.utf8)
            file.zigzagVarint(Int64(value.utf8.count))
            file.append(value.utf8)
        }
        file.bytes.append(0)
        file.append(sync)
        let encoder = try AvroEncoder(batch, as: schema)
        var block = ByteWriter(reserving: blockBytes * 2)
        var rows = 0
        for row in 0..<batch.count {
            try encoder.encode(row: row, into: &block)
            rows += 1
            if block.count >= blockBytes || row == batch.count - 1 {
                file.zigzagVarint(Int64(rows))
                file.zigzagVarint(Int64(block.count))
                file.append(block.bytes)
                file.append(sync)
                block.bytes.removeAll(keepingCapacity: true)
                rows = 0
            }
        }
        return file.bytes
    }
}
