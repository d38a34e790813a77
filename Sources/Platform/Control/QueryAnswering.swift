internal import Base
internal import Columnar
internal import Formats
internal import Warehouse

/// How rows of an ad-hoc query are written down.
public enum QueryFormat: String, Sendable, CaseIterable {
    /// `{"columns": [{"name", "type"}], "data": [...], "truncated": false}`.
    case json
    case csv
    /// An Arrow IPC stream.
    case arrow
    case parquet

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv; charset=utf-8"
        case .arrow: "application/vnd.apache.arrow.stream"
        case .parquet: "application/vnd.apache.parquet"
        }
    }
}

/// Runs one SELECT and writes its rows.
struct QueryAnswering {
    let engine: any WarehouseEngine
    let temporaryDirectory: String

    func run(_ sql: String, format: QueryFormat, rowsMax: Int?) throws -> [UInt8] {
        let answer = try engine.openReader().query(sql, limits: QueryLimits(rowsMax: rowsMax))
        switch format {
        case .csv:
            var writer = CSVRowWriter(crlf: false)
            writer.header(answer.schema.fields.map(\.name))
            for batch in answer.batches { writer.append(batch) }
            return writer.bytes
        case .json:
            var names = JSONRowWriter()
            names.append(try Self.columns(answer.schema))
            var writer = JSONRowWriter()
            writer.raw("{\"columns\":[")
            writer.bytes += names.bytes
            writer.raw("],\"data\":[")
            var rows = JSONRowWriter()
            for batch in answer.batches { rows.append(batch) }
            writer.bytes += rows.bytes
            writer.raw("],\"truncated\":\(answer.truncated)}")
            return writer.bytes
        case .arrow:
            let writer = try IPCWriter(path: nil, schema: answer.schema, form: .stream)
            for batch in answer.batches { try writer.write(batch) }
            return try writer.closeToBytes()
        case .parquet:
            let path = "\(temporaryDirectory)/query-\(UInt64.random(in: 0 ... .max)).parquet"
            defer { TemporaryFile.remove(path) }
            let writer = try ParquetWriter(path: path, schema: answer.schema)
            for batch in answer.batches { try writer.write(batch) }
            _ = try writer.close()
            return try TemporaryFile.read(path)
        }
    }

    /// The columns' names and types, as rows.
    private static func columns(_ schema: Schema) throws -> RecordBatch {
        let fields = [Field("name", .utf8, nullable: false), Field("type", .utf8, nullable: false)]
        let builders = fields.map { ColumnBuilder.make($0.type) }
        for field in schema.fields {
            try builders[0].append(.string(field.name))
            try builders[1].append(.string(field.type.description))
        }
        return RecordBatch(schema: Schema(fields), columns: builders.map { $0.finish() }, count: schema.count)
    }
}
