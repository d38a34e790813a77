public import CArrowABI

/// Turns arrays of another library into record batches, without copying where the layouts agree.
///
/// Made once from a stream's schema; then each array of the stream costs only its columns' descriptions.
public struct ArrowImporter: Sendable {
    /// The schema of the batches. `large_` and `_view` types come as the plain ones, fixed-size lists as lists.
    public let schema: Schema
    private let fields: [ForeignField]

    /// - Parameter source: a schema that is a structure; it is taken over and released here, also on failure.
    /// - Throws: `unsupportedType` where a field has a type that columns do not have; `foreignData` for nonsense.
    public init(taking source: UnsafeMutablePointer<ArrowSchema>) throws(ColumnarError) {
        defer { unsafe ArrowImporter.release(source) }
        let root = try unsafe ForeignField(reading: source)
        guard case .structure(let children) = root.field.type else {
            throw .foreignData("a schema that is not a structure")
        }
        schema = Schema(children, metadata: root.field.metadata)
        fields = root.children
    }

    /// The rows of `source`, an array of this schema, which is taken over, also on failure.
    ///
    /// The other library's memory is released when the last column (or slice of one) goes.
    /// - Throws: `foreignData` where lengths, offsets or indices do not fit together; `doesNotFit` where 64-bit offsets
    ///   do not fit into 32 bits.
    public func batch(taking source: UnsafeMutablePointer<ArrowArray>) throws(ColumnarError) -> RecordBatch {
        let owner = unsafe ForeignArray(taking: source)
        let array = unsafe owner.array
        let (length, offset) = try unsafe ForeignArray.extent(array)
        guard unsafe Int(array.pointee.n_children) == fields.count else {
            throw .foreignData("a batch of \(unsafe array.pointee.n_children) columns for \(fields.count) fields")
        }
        guard unsafe array.pointee.null_count <= 0 else { throw .foreignData("a batch with null rows") }
        var columns: [Column] = []
        columns.reserveCapacity(fields.count)
        for (index, field) in fields.enumerated() {
            guard let child = unsafe array.pointee.children[index] else { throw .foreignData("a missing column") }
            let column = try unsafe field.column(of: child, owner: owner)
            guard column.count >= offset + length else {
                throw .foreignData("column \(field.field.name) has \(column.count) rows, not \(offset + length)")
            }
            columns.append(column.slice(offset..<(offset + length)))
        }
        return RecordBatch(schema: schema, columns: columns, count: length)
    }

    private static func release(_ schema: UnsafeMutablePointer<ArrowSchema>) {
        if let release = unsafe schema.pointee.release { unsafe release(schema) }
    }
}

extension RecordBatch {
    /// The rows of `array`; both structs are taken over and released, also on failure.
    ///
    /// For many arrays of one schema use `ArrowImporter`, which reads the schema once.
    public init(
        taking array: UnsafeMutablePointer<ArrowArray>, schema: UnsafeMutablePointer<ArrowSchema>
    ) throws(ColumnarError) {
        let importer: ArrowImporter
        do throws(ColumnarError) { importer = try unsafe ArrowImporter(taking: schema) } catch {
            if let release = unsafe array.pointee.release { unsafe release(array) }
            throw error
        }
        self = try unsafe importer.batch(taking: array)
    }
}

extension Column {
    /// The column that `array` and `schema` describe; both are taken over and released, also on failure.
    public static func taking(
        _ array: UnsafeMutablePointer<ArrowArray>, schema: UnsafeMutablePointer<ArrowSchema>
    ) throws(ColumnarError) -> Column {
        let owner = unsafe ForeignArray(taking: array)
        defer { if let release = unsafe schema.pointee.release { unsafe release(schema) } }
        let field = try unsafe ForeignField(reading: schema)
        return try unsafe field.column(of: owner.array, owner: owner)
    }
}

/// An array of another library, released once, when the last buffer that lies in it goes.
@safe
final class ForeignArray: @unchecked Sendable {
    // Sendable: the interface says that arrays do not change and may be released on any thread.
    let array: UnsafeMutablePointer<ArrowArray>

    /// Moves the struct here, as the interface allows; `source` is marked as released.
    init(taking source: UnsafeMutablePointer<ArrowArray>) {
        unsafe array = .allocate(capacity: 1)
        unsafe array.initialize(to: source.pointee)
        unsafe source.pointee.release = nil
    }

    deinit {
        if let release = unsafe array.pointee.release { unsafe release(array) }
        unsafe array.deallocate()
    }

    /// The length and offset of `array`, checked.
    static func extent(_ array: UnsafeMutablePointer<ArrowArray>) throws(ColumnarError) -> (length: Int, offset: Int) {
        let (length, offset) = unsafe (array.pointee.length, array.pointee.offset)
        // Below 2^40 rows no byte count overflows.
        guard length >= 0, offset >= 0, length < 1 << 40, offset < 1 << 40 else {
            throw .foreignData("an array of \(length) rows from row \(offset)")
        }
        return (Int(length), Int(offset))
    }
}
