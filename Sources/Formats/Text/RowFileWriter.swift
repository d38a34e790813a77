public import Columnar

/// Writes rows as text to a file, which appears under its name when `close()` succeeds.
public final class RowFileWriter {
    public enum Form: Sendable {
        /// A header line, then a line a row.
        case csv
        /// An object a line.
        case jsonLines
        /// One array of objects.
        case jsonArray
    }

    public let path: String
    private let schema: Schema
    private let form: Form
    private let file: OutputFile
    private let descriptor: FileDescriptor
    private var csv = CSVRowWriter()
    private var json: JSONRowWriter

    public init(path: String, schema: Schema, form: Form, synced: Bool = false) throws(FormatsError) {
        self.path = path
        self.schema = schema
        self.form = form
        file = OutputFile(path: path, synced: synced)
        descriptor = try FileDescriptor(creating: file.temporaryPath, for: path)
        json = JSONRowWriter(separator: form == .jsonLines ? .newline : .comma)
        switch form {
        case .csv: csv.header(schema.fields.map(\.name))
        case .jsonArray: json.raw("[")
        case .jsonLines: break
        }
    }

    /// - Throws: `wrongSchema`, `diskFull`, `failedIO`.
    public func write(_ batch: RecordBatch) throws(FormatsError) {
        guard batch.schema.fields.elementsEqual(schema.fields, by: { $0.name == $1.name && $0.type == $1.type }) else {
            throw .wrongSchema(expected: "\(schema)", found: "\(batch.schema)")
        }
        if form == .csv { csv.append(batch) } else { json.append(batch) }
        try flush()
    }

    /// Ends the file and gives it its name.
    public func close() throws(FormatsError) {
        if form == .jsonArray { json.raw("]\n") }
        try flush()
        try file.commit()
    }

    private func flush() throws(FormatsError) {
        try descriptor.write(form == .csv ? csv.bytes : json.bytes, for: path)
        csv.bytes.removeAll(keepingCapacity: true)
        json.bytes.removeAll(keepingCapacity: true)
    }
}
