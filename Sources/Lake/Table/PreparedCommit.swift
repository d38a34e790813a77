internal import Columnar

/// Data files that are durable but not yet part of their table.
///
/// Goes into a checkpoint as bytes, and is committed by whoever reads them back.
public struct PreparedCommit: Sendable, Hashable {
    /// The table's id, so that files never end up in another table.
    public let tableID: String
    let files: [AddFile]
    let schema: Schema
    let partitionColumns: [String]
    public let rowCount: Int64

    public var fileCount: Int { files.count }
    /// In all files.
    public var byteCount: Int64 { files.reduce(0) { $0 + $1.size } }
    public var isEmpty: Bool { files.isEmpty }

    init(tableID: String, files: [AddFile], schema: Schema, partitionColumns: [String], rowCount: Int64) {
        self.tableID = tableID
        self.files = files
        self.schema = schema
        self.partitionColumns = partitionColumns
        self.rowCount = rowCount
    }

    /// All files of several workers as one. Those that share a file count it once.
    static func joined(_ parts: [PreparedCommit]) throws(LakeError) -> PreparedCommit? {
        guard let first = parts.first else { return nil }
        var seen: Set<String> = []
        var files: [AddFile] = []
        for part in parts {
            guard part.tableID == first.tableID else {
                throw .badPreparedCommit(reason: "its parts belong to different tables")
            }
            guard part.schema == first.schema, part.partitionColumns == first.partitionColumns else {
                throw .badPreparedCommit(reason: "its parts have different columns")
            }
            for file in part.files where seen.insert(file.path).inserted { files.append(file) }
        }
        return PreparedCommit(
            tableID: first.tableID, files: files, schema: first.schema, partitionColumns: first.partitionColumns,
            rowCount: parts.reduce(0) { $0 + $1.rowCount })
    }

    /// Checks that the table still has the columns that the files were written for; it may have got more.
    func check(fits metadata: TableMetadata) throws(LakeError) {
        guard metadata.id == tableID else {
            throw .badPreparedCommit(reason: "it belongs to the table \(tableID), not to \(metadata.id)")
        }
        guard metadata.partitionColumns == partitionColumns else {
            throw .conflict(table: metadata.displayName, reason: "its partition columns changed meanwhile")
        }
        for field in schema.fields {
            guard let now = metadata.schema.field(named: field.name), now.type == field.type else {
                throw .conflict(table: metadata.displayName, reason: "its column \(field.name) changed meanwhile")
            }
            if field.nullable, !now.nullable {
                throw .conflict(table: metadata.displayName, reason: "its column \(field.name) must now have values")
            }
        }
        for field in metadata.schema.fields where !field.nullable && schema.field(named: field.name) == nil {
            throw .conflict(
                table: metadata.displayName, reason: "it got the column \(field.name), which must have values")
        }
    }
}

extension PreparedCommit {
    private static let format: Int64 = 1

    /// The prepared commit as bytes, for `init(bytes:)`.
    public var bytes: [UInt8] {
        get throws(LakeError) {
            JSONValue.members(
                ("format", .integer(Self.format)), ("table", .string(tableID)), ("rows", .integer(rowCount)),
                ("schema", .string(try SchemaJSON.encode(schema))),
                ("partitionColumns", .array(partitionColumns.map { .string($0) })),
                ("files", .array(files.map { ActionCoding.json($0) }))
            ).bytes
        }
    }

    /// - Throws: `badPreparedCommit` for bytes that `bytes` did not make.
    public init(bytes: [UInt8]) throws(LakeError) {
        guard let json = try? JSONParser.parse(bytes) else {
            throw .badPreparedCommit(reason: "its \(bytes.count) bytes are damaged")
        }
        guard json["format"]?.integer == Self.format else {
            throw .badPreparedCommit(reason: "its format is not known")
        }
        guard let table = json["table"]?.string, let rows = json["rows"]?.integer, let schema = json["schema"]?.string,
            let partitionColumns = json["partitionColumns"]?.stringList, let files = json["files"]?.array
        else { throw .badPreparedCommit(reason: "a field is missing") }
        var adds: [AddFile] = []
        for file in files { adds.append(try ActionCoding.addFile(file, file: "a prepared commit")) }
        self.init(
            tableID: table, files: adds, schema: try SchemaJSON.decode(schema, file: "a prepared commit"),
            partitionColumns: partitionColumns, rowCount: rows)
    }
}
