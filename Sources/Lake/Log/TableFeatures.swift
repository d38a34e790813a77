internal import Columnar

/// Which tables this program can read and write.
///
/// A feature that a table only names but does not use is no obstacle, so use is what is looked at.
/// Source: Delta Transaction Log Protocol, "Table Features", "Writer Version Requirements".
enum TableFeatures {
    static let timestampNtz = "timestampNtz"

    /// The lowest protocol that a schema needs.
    static func minimumProtocol(for schema: Schema) -> TableProtocol {
        guard schema.fields.contains(where: { usesTimestampNtz($0.type) }) else {
            return TableProtocol(minReaderVersion: 1, minWriterVersion: 2, readerFeatures: nil, writerFeatures: nil)
        }
        return TableProtocol(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [timestampNtz],
            writerFeatures: ["appendOnly", "invariants", timestampNtz])
    }

    /// The protocol for a table that gets a column without time zone; nil where the present one is enough.
    static func upgraded(_ old: TableProtocol, for schema: Schema) -> TableProtocol? {
        guard schema.fields.contains(where: { usesTimestampNtz($0.type) }) else { return nil }
        if old.minReaderVersion >= 3, old.readerFeatures?.contains(timestampNtz) == true { return nil }
        var reader = old.readerFeatures ?? []
        // All that the old version may have used must be named.
        let byVersion: [(version: Int, feature: String)] = [
            (2, "appendOnly"), (2, "invariants"), (3, "checkConstraints"), (4, "changeDataFeed"),
            (4, "generatedColumns"), (5, "columnMapping"), (6, "identityColumns"),
        ]
        var writer = old.writerFeatures ?? byVersion.filter { $0.version <= old.minWriterVersion }.map(\.feature)
        if old.minReaderVersion == 2 { reader.append("columnMapping") }
        reader.append(timestampNtz)
        writer.append(timestampNtz)
        return TableProtocol(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: reader, writerFeatures: writer)
    }

    static func usesTimestampNtz(_ type: DataType) -> Bool {
        if case .timestamp(_, zone: nil) = type { return true }
        return type.childFields.contains { usesTimestampNtz($0.type) }
    }

    static func checkReadable(_ needed: TableProtocol, _ metadata: TableMetadata) throws(LakeError) {
        let table = metadata.displayName
        guard needed.minReaderVersion <= 3 else {
            throw .unsupportedFeature(
                table: table, feature: "reader version \(needed.minReaderVersion)", forWriting: false)
        }
        // Deletion vectors are looked for file by file.
        let known: Set = [timestampNtz, "columnMapping", "deletionVectors", "vacuumProtocolCheck"]
        if let unknown = (needed.readerFeatures ?? []).first(where: { !known.contains($0) }) {
            throw .unsupportedFeature(table: table, feature: "the table feature \(unknown)", forWriting: false)
        }
        let mapping = metadata.configuration["delta.columnMapping.mode"] ?? "none"
        if mapping != "none" {
            throw .unsupportedFeature(table: table, feature: "column mapping by \(mapping)", forWriting: false)
        }
    }

    static func checkWritable(_ needed: TableProtocol, _ metadata: TableMetadata) throws(LakeError) {
        try checkReadable(needed, metadata)
        let table = metadata.displayName
        guard needed.minWriterVersion <= 7 else {
            throw .unsupportedFeature(
                table: table, feature: "writer version \(needed.minWriterVersion)", forWriting: true)
        }
        let known: Set = [
            "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "columnMapping",
            "identityColumns", timestampNtz, "deletionVectors", "vacuumProtocolCheck",
        ]
        if let unknown = (needed.writerFeatures ?? []).first(where: { !known.contains($0) }) {
            throw .unsupportedFeature(table: table, feature: "the table feature \(unknown)", forWriting: true)
        }
        for (key, value) in metadata.configuration {
            if key.hasPrefix("delta.constraints.") {
                throw .unsupportedFeature(
                    table: table, feature: "the check constraint \(key.dropFirst(18))", forWriting: true)
            }
            if key == "delta.enableChangeDataFeed", value.lowercased() == "true" {
                throw .unsupportedFeature(table: table, feature: "the change data feed", forWriting: true)
            }
        }
        for field in metadata.schema.fields { try checkWritable(field, table: table) }
    }

    private static func checkWritable(_ field: Field, table: String) throws(LakeError) {
        for key in field.metadata.keys {
            if key == "delta.invariants" || key == "delta.generationExpression" || key.hasPrefix("delta.identity.") {
                throw .unsupportedFeature(table: table, feature: "\(key) on column \(field.name)", forWriting: true)
            }
        }
        for child in field.type.childFields { try checkWritable(child, table: table) }
    }
}
