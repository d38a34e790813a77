internal import Base
internal import CArrow
public import Columnar

/// Writes one ORC file, which appears under its name when `close()` succeeds.
public final class ORCWriter {
    public let path: String
    public let schema: Schema
    private let file: OutputFile
    private let handle: ArrowWriterHandle

    /// - Parameter compression: none, snappy, gzip, zstd or lz4.
    /// - Throws: `unsupportedCompression` for brotli; `unsupportedColumn` for types that ORC does not have.
    public init(
        path: String, schema: Schema, compression: Compression = .zstd, synced: Bool = false
    ) throws(FormatsError) {
        guard compression != .brotli else { throw .unsupportedCompression(format: "ORC", compression: compression) }
        for field in schema.fields {
            guard let problem = ORCTypes.unsupported(field.type) else { continue }
            throw .unsupportedColumn(format: "ORC", problem: "column \(field.name) of type \(problem)")
        }
        self.path = path
        self.schema = schema
        let output = OutputFile(path: path, synced: synced)
        file = output
        let settings = ArrowWriteSettings(compression: compression)
        handle = try unsafe ArrowWriterHandle(schema: schema, call: ArrowCall(path: path, format: "ORC")) {
            described, error in
            unsafe settings.withOptions { unsafe carrow_write_orc(output.temporaryPath, described, $0, error) }
        }
        // The library writes a file's schema with its first batch; a file without rows has one too.
        try handle.write(
            RecordBatch(schema: schema, columns: schema.fields.map { .nulls($0.type, count: 0) }, count: 0))
    }

    /// - Throws: `wrongSchema`, or why the file could not be written; after that the writer only throws.
    public func write(_ batch: RecordBatch) throws(FormatsError) {
        guard batch.count > 0 else { return }
        // The library forgets that a structure's children begin at the structure's offset, so nested slices are copied.
        let nested = batch.columns.contains { !$0.children.isEmpty }
        var whole = batch
        do throws(ColumnarError) { if nested { whole = try batch.compacted() } } catch {
            throw .outOfMemory(path: path, problem: error.report.message)
        }
        try handle.write(whole)
    }

    /// Ends the file and gives it its name.
    ///
    /// - Returns: its size in bytes.
    @discardableResult
    public func close() throws(FormatsError) -> Int {
        try handle.close()
        let bytes = handle.byteCount
        try file.commit()
        return bytes
    }
}

/// Which types ORC can hold as they are.
enum ORCTypes {
    /// The type, at any depth, that would not come back as it was; nil if there is none.
    static func unsupported(_ type: DataType) -> String? {
        switch type {
        case .bool, .int8, .int16, .int32, .int64, .float32, .float64, .decimal128, .utf8, .binary, .date32: nil
        // ORC's instants are UTC and have nanoseconds.
        case .timestamp(.nanosecond, let zone): zone == nil || zone == "UTC" ? nil : "timestamp in zone \(zone ?? "")"
        case .list(let item): unsupported(item.type)
        case .structure(let fields): fields.lazy.compactMap { unsupported($0.type) }.first
        case .map(let key, let value, _): unsupported(key.type) ?? unsupported(value.type)
        default: ORCTypes.name(type)
        }
    }

    private static func name(_ type: DataType) -> String {
        if case .timestamp(let unit, _) = type { return "timestamp in \(unit)s (ORC has nanoseconds)" }
        if case .dictionary = type { return "dictionary" }
        return "\(type) (\(type.layout))"
    }
}
