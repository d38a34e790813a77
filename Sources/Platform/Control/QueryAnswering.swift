internal import Base
internal import Columnar
internal import Formats
internal import HTTPServer
internal import Warehouse

/// How rows of an ad-hoc query are written down.
public enum QueryFormat: String, Sendable, CaseIterable {
    /// `{"columns": [{"name", "type"}], "data": [{...}], "truncated": false}`.
    case json
    /// The same with each row as an array of texts to be shown to people, or null.
    case shown
    case csv
    /// An Arrow IPC stream.
    case arrow
    case parquet

    var contentType: String {
        switch self {
        case .json, .shown: "application/json"
        case .csv: "text/csv; charset=utf-8"
        case .arrow: "application/vnd.apache.arrow.stream"
        case .parquet: "application/vnd.apache.parquet"
        }
    }
}

/// Runs one SELECT and writes its rows to a file as they come, so that memory holds few of them.
struct QueryAnswering {
    let engine: any WarehouseEngine
    let temporaryDirectory: String

    func run(
        _ sql: String, format: QueryFormat, rowsMax: Int?, cancellation: HTTPCancellation = HTTPCancellation()
    ) throws -> BodyFile {
        let path = "\(temporaryDirectory)/query-\(UInt64.random(in: 0 ... .max))"
        defer { TemporaryFile.remove(path) }
        let reader = try engine.openReader()
        return try cancellation.handling({ reader.close() }) {
            var writer: (any AnswerWriter)?
            let truncated = try reader.stream(sql, limits: QueryLimits(rowsMax: rowsMax)) { schema in
                writer = try format.writer(path: path, schema: schema)
            } take: { batch in
                try writer?.write(batch)
            }
            try writer?.close(truncated: truncated)
            return try BodyFile(taking: path)
        }
    }
}
