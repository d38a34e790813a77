public import Base
public import Columnar

/// Encodes rows of one record batch as Avro records.
///
/// Making one matches the schema to the batch's columns by name and finds their memory; encoding a row allocates nothing
/// beyond what the writer grows by.
@safe
public struct AvroEncoder {
    private let program: AvroEncodeProgram
    private let rows: Int

    /// - Parameter schema: a record whose fields the batch's columns match by name, or a type for a batch of one column.
    /// - Throws: `columnMismatch` where a column's type is not that of the field.
    public init(_ batch: RecordBatch, as schema: AvroSchema) throws(AvroError) {
        var compiler = AvroEncodeCompiler(schema: schema)
        try compiler.compile(batch)
        program = AvroEncodeProgram(compiler, holding: batch)
        rows = batch.count
    }

    /// Appends one row.
    ///
    /// - Throws: `wrongValue`, with nothing appended.
    public func encode(row: Int, into writer: inout ByteWriter) throws(AvroError) {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        let start = writer.count
        var machine = unsafe AvroEncodeMachine(
            steps: UnsafePointer(program.steps.baseAddress.unsafelyUnwrapped), program: .passUnretained(program))
        guard machine.run(from: 0, row: row, &writer) else {
            writer.bytes.removeSubrange(start...)
            throw machine.failure(in: program, row: row)
        }
    }
}

enum AvroEncodeOperation: UInt8 {
    case boolean, int8, int16, int32, int64, uint8, uint16, uint32, float, double
    /// A wider column into a narrower type, where the value fits.
    case int64AsInt
    case int32AsFloat, int32AsDouble, int64AsDouble, floatAsDouble
    /// `first`: bytes a value.
    case fixed
    case bytes
    case decimalBytes, decimalFixed, duration
    case enumeration
    /// Null where the column is: writes branch `first` and goes on at `second`; else writes the other branch.
    case nullable
    /// A null here is an error.
    case required
    /// A union as a structure; `first`: the member whose value it is, in a table.
    case union
    case writeLong
    case jump
    /// Items follow, to their `end`; goes on at `first`.
    case list
    /// The dictionary's value follows, to its `end`; goes on at `first`. `second`: bytes an index.
    case dictionary
    case end
}

/// One step. Rows of nested columns are counted from where their parent's begin: `shift` is added to a row.
@safe
struct AvroEncodeStep {
    var operation: AvroEncodeOperation
    var values: UnsafeRawPointer?
    var offsets: UnsafePointer<Int32>?
    /// Nil where nothing is null.
    var validity: UnsafeRawPointer?
    var shift = 0
    var first = 0
    var second = 0
}

/// The members of a union's structure: which is null where, and what is written for the one that is not.
@safe
struct AvroEncodeMember {
    var validity: UnsafeRawPointer?
    /// Every value is null.
    var isEmpty: Bool
    var shift: Int
    var branch: Int
    var start: Int
}

@safe
final class AvroEncodeProgram {
    let steps: UnsafeMutableBufferPointer<AvroEncodeStep>
    let members: [[AvroEncodeMember]]
    let symbols: [[[UInt8]: Int]]
    let paths: [String]
    private let batch: RecordBatch

    init(_ draft: AvroEncodeCompiler, holding batch: RecordBatch) {
        unsafe steps = .allocate(capacity: draft.steps.count)
        _ = unsafe steps.initialize(from: draft.steps)
        members = draft.members
        (symbols, paths, self.batch) = (draft.symbols, draft.paths, batch)
    }

    deinit { unsafe steps.deallocate() }
}
