internal import Columnar
internal import Formats

/// Writes the rows of a query to a file, in one of the formats.
protocol AnswerWriter {
    func write(_ batch: RecordBatch) throws
    /// Ends the file and gives it its name.
    func close(truncated: Bool) throws
}

extension QueryFormat {
    func writer(path: String, schema: Schema) throws -> any AnswerWriter {
        // Readers of all formats but the table find columns by their names.
        let named = Self.distinct(schema)
        return switch self {
        case .json: try JSONAnswer(path: path, schema: named)
        case .shown: try ShownAnswer(path: path, schema: schema)
        case .csv: try CSVAnswer(path: path, schema: named)
        case .arrow: try ArrowAnswer(writer: IPCWriter(path: path, schema: named, form: .stream))
        case .parquet:
            try ParquetAnswer(
                writer: ParquetWriter(path: path, schema: named, options: ParquetOptions(rowGroupRows: 1 << 16)))
        }
    }

    /// The columns, with a number behind each name that an earlier column has: `a`, `a_1`.
    static func distinct(_ schema: Schema) -> Schema {
        var taken = Set(schema.fields.map { $0.name.lowercased() })
        var seen: Set<String> = []
        return Schema(
            schema.fields.map { field in
                if seen.insert(field.name.lowercased()).inserted { return field }
                var number = 1
                while !taken.insert("\(field.name)_\(number)".lowercased()).inserted { number += 1 }
                return Field(
                    "\(field.name)_\(number)", field.type, nullable: field.nullable, metadata: field.metadata)
            }, metadata: schema.metadata)
    }

    /// `{"columns":[{"name":"a","type":"INTEGER"}],"data":[`.
    fileprivate static func head(_ schema: Schema) throws -> [UInt8] {
        let fields = [Field("name", .utf8, nullable: false), Field("type", .utf8, nullable: false)]
        let builders = fields.map { ColumnBuilder.make($0.type) }
        for field in schema.fields {
            try builders[0].append(.string(field.name))
            try builders[1].append(.string(field.type.description))
        }
        var columns = JSONRowWriter()
        columns.append(
            RecordBatch(schema: Schema(fields), columns: builders.map { $0.finish() }, count: schema.count))
        return Array("{\"columns\":[".utf8) + columns.bytes + Array("],\"data\":[".utf8)
    }
}

private final class JSONAnswer: AnswerWriter {
    private let file: TextFileWriter
    private let schema: Schema
    private var rows = JSONRowWriter()

    init(path: String, schema: Schema) throws {
        file = try TextFileWriter(path: path)
        self.schema = schema
        rows.bytes = try QueryFormat.head(schema)
    }

    func write(_ batch: RecordBatch) throws {
        rows.append(RecordBatch(schema: schema, columns: batch.columns, count: batch.count))
        try file.take(&rows.bytes)
    }

    func close(truncated: Bool) throws {
        rows.raw("],\"truncated\":\(truncated)}")
        try file.take(&rows.bytes)
        try file.close()
    }
}

private final class ShownAnswer: AnswerWriter {
    private let file: TextFileWriter
    private var rows = ShownRowWriter()

    init(path: String, schema: Schema) throws {
        file = try TextFileWriter(path: path)
        rows.bytes = try QueryFormat.head(schema)
    }

    func write(_ batch: RecordBatch) throws {
        rows.append(batch)
        try file.take(&rows.bytes)
    }

    func close(truncated: Bool) throws {
        rows.raw("],\"truncated\":\(truncated)}")
        try file.take(&rows.bytes)
        try file.close()
    }
}

private final class CSVAnswer: AnswerWriter {
    private let file: TextFileWriter
    private var rows = CSVRowWriter(crlf: false)

    init(path: String, schema: Schema) throws {
        file = try TextFileWriter(path: path)
        rows.header(schema.fields.map(\.name))
    }

    func write(_ batch: RecordBatch) throws {
        rows.append(batch)
        try file.take(&rows.bytes)
    }

    func close(truncated: Bool) throws {
        try file.take(&rows.bytes)
        try file.close()
    }
}

private struct ArrowAnswer: AnswerWriter {
    let writer: IPCWriter

    func write(_ batch: RecordBatch) throws {
        try writer.write(RecordBatch(schema: writer.schema, columns: batch.columns, count: batch.count))
    }

    func close(truncated: Bool) throws { _ = try writer.close() }
}

private struct ParquetAnswer: AnswerWriter {
    let writer: ParquetWriter

    func write(_ batch: RecordBatch) throws {
        try writer.write(RecordBatch(schema: writer.schema, columns: batch.columns, count: batch.count))
    }

    func close(truncated: Bool) throws { _ = try writer.close() }
}
