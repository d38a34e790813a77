public import Base
public import Columnar

/// Decodes Avro records into columns.
///
/// Making one compiles both schemas into flat steps; decoding a record runs them, with the builders' types decided
/// before. A record that turns out broken leaves nothing behind. Not for use by two threads at once.
public final class AvroDecoder {
    /// What `finish()` gives.
    public let schema: Schema
    private var builders: [ColumnBuilder]
    private let program: AvroDecodeProgram
    /// Records decoded since the last `finish()`.
    public private(set) var count = 0

    /// - Parameters:
    ///   - writer: what the records were written with.
    ///   - reader: what they are read as; nil for the writer's own.
    /// - Throws: `unresolvable` where no record could be read so; `unsupportedSchema` for recursive types.
    public init(writer: AvroSchema, reader: AvroSchema? = nil) throws(AvroError) {
        let reader = reader ?? writer
        schema = try reader.columnarSchema()
        builders = schema.fields.map { .make($0.type) }
        var compiler = AvroDecodeCompiler(writer: writer, reader: reader)
        try compiler.compile(into: builders)
        program = AvroDecodeProgram(compiler)
    }

    /// Decodes one record, which must end where the bytes end.
    ///
    /// - Throws: `malformedRecord` or `batchFull`; nothing of the record stays.
    @inline(__always)
    public func decode(_ bytes: UnsafeRawBufferPointer) throws(AvroError) {
        var reader = unsafe ByteReader(bytes)
        try decodeNext(&reader)
        if reader.remaining > 0 {
            let extra = reader.remaining
            rollBack()
            throw .malformedRecord(
                expected: "the end of the record", found: "\(extra) more bytes", path: "the end",
                position: reader.position)
        }
    }

    /// Decodes one record, which must end where the bytes end.
    public func decode(_ bytes: [UInt8]) throws(AvroError) {
        // `withUnsafeBytes` cannot pass a typed error on.
        let result = unsafe bytes.withUnsafeBytes { buffer in
            Result { () throws(AvroError) in try unsafe self.decode(buffer) }
        }
        try result.get()
    }

    /// Decodes the record that `reader` stands before, and leaves `reader` behind it.
    ///
    /// - Throws: as `decode(_:)`; positions count from the reader's first byte.
    public func decodeNext(_ reader: inout ByteReader) throws(AvroError) {
        var machine = AvroDecodeMachine(program: program)
        guard machine.run(from: 0, &reader) else {
            let failure = machine.failure(in: program, at: reader.position)
            rollBack(to: count)
            throw failure
        }
        count += 1
    }

    /// The rows so far; the decoder is empty afterwards.
    public func finish() -> RecordBatch {
        let rows = count
        count = 0
        return RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: rows)
    }

    private func rollBack() {
        count -= 1
        rollBack(to: count)
    }

    private func rollBack(to rows: Int) { for builder in builders { Self.truncate(builder, to: rows) } }

    /// Also where a nested builder holds half of a value that its parent has not taken yet.
    private static func truncate(_ builder: ColumnBuilder, to rows: Int) {
        builder.truncate(to: rows)
        if let list = builder as? ListColumnBuilder {
            truncate(list.items, to: list.items.count)
        } else if let structure = builder as? StructureColumnBuilder {
            for field in structure.fields { truncate(field, to: rows) }
        }
    }
}
