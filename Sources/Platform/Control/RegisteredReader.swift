internal import Base
internal import Columnar
internal import Formats
internal import SchemaRegistry

/// Reads bytes that schemas of the registry wrote.
struct RegisteredReader {
    let registry: SubjectRegistry
    /// A decoder for each schema that was met; nil for those that are not there.
    private var decoders: [Int32: AvroDecoder?] = [:]

    init(registry: SubjectRegistry) { self.registry = registry }

    /// The record as a JSON object; nil where the bytes are no such record.
    mutating func json(_ bytes: [UInt8]) -> String? {
        let number = unsafe bytes.withUnsafeBytes { try? unsafe ConfluentFrame.schemaID(of: $0) }
        guard let number else { return nil }
        if decoders[number] == nil {
            let schema = try? registry.avroSchema(id: number)
            decoders[number] = .some(schema.flatMap { try? AvroDecoder(writer: $0) })
        }
        guard let decoder = decoders[number] ?? nil,
            (try? decoder.decode(Array(bytes.dropFirst(ConfluentFrame.prefixBytes)))) != nil
        else { return nil }
        var writer = JSONRowWriter()
        writer.append(decoder.finish())
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
