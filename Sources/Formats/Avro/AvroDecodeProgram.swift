internal import Columnar

/// What one step of decoding does. Names are `source` or `sourceToTarget`; a target is the builder that takes the value.
enum AvroDecodeOperation: UInt8 {
    case boolean, int, long, float, double
    case intToLong, intToFloat, intToDouble, longToFloat, longToDouble, floatToDouble
    /// Bytes whose content is not looked at; `string` must be UTF-8.
    case bytes, string
    case fixed
    case decimalBytes, decimalFixed, duration
    /// `first`: where the enum's symbols begin in the table; `second`: how many there are.
    case enumeration
    /// A null, or a default that is the same for every record.
    case null, constant
    /// Bytes of fields that the reader does not want. `skipFixed` skips `first` of them.
    case skipInt, skipLong, skipBoolean, skipFixed, skipBytes, skipEnumeration
    /// A union of null (branch `first`) and what follows; null goes on at `second`.
    case nullable
    /// A union: branch `i` of `second` goes on at `jumps[first + i]`.
    case union
    case jump
    /// The items follow, to their `end`; then goes on at `first`. An item has at least `second` bytes.
    case array, map
    case skipArray, skipMap
    /// All fields of a structure are there.
    case structure
    /// The writer's data has no place in the reader's schema. `first`: the reason.
    case refuse
    case end
}

/// One step. `builder` is borrowed from the decoder, which owns all builders, so that no step counts references.
@safe
struct AvroDecodeStep {
    var operation: AvroDecodeOperation
    var builder: UnsafeRawPointer?
    var first = 0
    var second = 0
}

/// A symbol of a writer's enum as the reader sees it: where its text lies. No text: the reader does not know it.
struct AvroSymbol {
    var start: Int
    var count: Int
}

/// The steps that read one record, in flat memory, and the tables that they use.
@safe
final class AvroDecodeProgram {
    let steps: UnsafeMutableBufferPointer<AvroDecodeStep>
    let jumps: UnsafeMutableBufferPointer<Int>
    let symbols: UnsafeMutableBufferPointer<AvroSymbol>
    let symbolText: UnsafeMutableBufferPointer<UInt8>
    let constants: [Scalar]
    let reasons: [String]
    /// A step's place in the schema, for messages.
    let paths: [String]

    init(_ draft: AvroDecodeCompiler) {
        unsafe steps = .allocate(capacity: draft.steps.count)
        _ = unsafe steps.initialize(from: draft.steps)
        unsafe jumps = .allocate(capacity: draft.jumps.count)
        _ = unsafe jumps.initialize(from: draft.jumps)
        unsafe symbols = .allocate(capacity: draft.symbols.count)
        _ = unsafe symbols.initialize(from: draft.symbols)
        unsafe symbolText = .allocate(capacity: draft.symbolText.count)
        _ = unsafe symbolText.initialize(from: draft.symbolText)
        (constants, reasons, paths) = (draft.constants, draft.reasons, draft.paths)
    }

    deinit {
        unsafe steps.deallocate()
        unsafe jumps.deallocate()
        unsafe symbols.deallocate()
        unsafe symbolText.deallocate()
    }
}
