public import Base

/// What can go wrong between Avro's bytes and schemas and record batches.
public enum AvroError: PlatformError, Equatable {
    /// The text of a schema (or another JSON text) is wrong at a line and column, both from 1.
    case schema(problem: String, expected: String?, found: String?, line: Int, column: Int)
    /// A valid schema that has no place in record batches.
    case unsupportedSchema(problem: String, path: String)
    /// Data of the writer's schema cannot be read as the reader's.
    case unresolvable(problem: String, path: String)
    /// A record whose bytes are not what its schema says; `position` counts bytes from the record's first.
    case malformedRecord(expected: String, found: String, path: String, position: Int)
    /// A column of the batch being built has no room for the record.
    case batchFull(path: String)
    /// A value that the schema has no encoding for.
    case wrongValue(expected: String, found: String, path: String, row: Int)
    /// A column that does not match the schema's field.
    case columnMismatch(expected: String, found: String, path: String)
    case malformedFile(expected: String, found: String, position: Int)
    case unsupportedCodec(String)
    /// Bytes without the five-byte prefix that names a registered schema.
    case unframed(found: String)

    public var report: ErrorReport {
        switch self {
        case .schema(let problem, let expected, let found, let line, let column):
            ErrorReport(
                code: "FMT-050", recovery: .changeRequest,
                message: "the schema is wrong at line \(line), column \(column): \(problem)", expected: expected,
                found: found, hint: "Correct the schema's JSON there.")
        case .unsupportedSchema(let problem, let path):
            ErrorReport(
                code: "FMT-051", recovery: .changeRequest, message: "\(problem), at \(path)",
                hint: "Change that type, or leave it out of the reader's schema.")
        case .unresolvable(let problem, let path):
            ErrorReport(
                code: "FMT-052", recovery: .changeRequest,
                message: "the writer's schema cannot be read as the reader's at \(path): \(problem)",
                hint: "Give the reader's schema a default, an alias or a type that the writer's can become.")
        case .malformedRecord(let expected, let found, let path, let position):
            ErrorReport(
                code: "FMT-053", recovery: .repairData, message: "broken Avro record at byte \(position), in \(path)",
                expected: expected, found: found,
                hint: "Check which schema the producer wrote this record with.")
        case .batchFull(let path):
            ErrorReport(
                code: "FMT-054", recovery: .retry, message: "the batch has no room for another record, in \(path)",
                hint: "Finish the batch, then decode the record again.")
        case .wrongValue(let expected, let found, let path, let row):
            ErrorReport(
                code: "FMT-055", recovery: .changeRequest, message: "row \(row) cannot be written as Avro, in \(path)",
                expected: expected, found: found, hint: "Change the value, or widen the schema.")
        case .columnMismatch(let expected, let found, let path):
            ErrorReport(
                code: "FMT-056", recovery: .changeRequest,
                message: "the columns do not match the Avro schema at \(path)",
                expected: expected, found: found, hint: "Cast or rename the column, or change the schema.")
        case .malformedFile(let expected, let found, let position):
            ErrorReport(
                code: "FMT-057", recovery: .repairData, message: "broken Avro file at byte \(position)",
                expected: expected, found: found, hint: "Write the file again where it comes from.")
        case .unsupportedCodec(let codec):
            ErrorReport(
                code: "FMT-058", recovery: .changeRequest, message: "Avro files with codec \(codec) are not supported",
                expected: "codec null", found: codec, hint: "Write the file without compression.")
        case .unframed(let found):
            ErrorReport(
                code: "FMT-059", recovery: .repairData, message: "the record does not name a registered schema",
                expected: "a zero byte and a schema id in 4 bytes, then the record", found: found,
                hint: "Produce with a serializer that uses the schema registry.")
        }
    }
}
