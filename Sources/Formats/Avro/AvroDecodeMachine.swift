internal import Base
internal import Columnar

/// Runs the steps of a program on the bytes of one record.
///
/// The steps say which concrete class a builder is, and the program's owner keeps the builders, so that a step neither
/// looks a type up nor counts a reference. Failures are noted, not thrown, until the record is given up.
@safe
struct AvroDecodeMachine {
    enum Failure {
        case end, intRange, boolean, length, count, index, utf8, decimal, duration, refused, full
    }

    private let steps: UnsafePointer<AvroDecodeStep>
    private let program: Unmanaged<AvroDecodeProgram>
    private var problem = Failure.end
    private var failedStep = 0
    private var detail: Int64 = 0
    /// Items without bytes of their own that one record may still have: nothing else bounds what a few bytes ask for.
    private var emptyItemsLeft = 1 << 16

    /// - Parameter program: lives longer than the machine.
    @inline(__always)
    init(program: AvroDecodeProgram) {
        unsafe steps = UnsafePointer(program.steps.baseAddress.unsafelyUnwrapped)
        unsafe self.program = .passUnretained(program)
    }

    /// False where the record is broken; `reader` then stands before what is wrong.
    mutating func run(from start: Int, _ reader: inout ByteReader) -> Bool {
        var next = start
        while true {
            let at = next
            let step = unsafe steps[at]
            next += 1
            switch step.operation {
            case .long:
                guard let value = reader.avroLong() else { return fail(.end, at) }
                unsafe Self.append(value, step.builder)
            case .int:
                guard let value = reader.avroLong() else { return fail(.end, at) }
                guard let narrow = Int32(exactly: value) else { return fail(.intRange, at, value) }
                unsafe Self.append(narrow, step.builder)
            case .nullable:
                guard let branch = reader.avroLong() else { return fail(.end, at) }
                guard branch == 0 || branch == 1 else { return fail(.index, at, branch) }
                if branch == Int64(step.first) {
                    unsafe Self.with(step.builder, as: ColumnBuilder.self) { $0.appendNull() }
                    next = step.second
                }
            case .string:
                guard let value = unsafe take(&reader, at) else { return false }
                guard unsafe UTF8Check.isValid(value) else { return fail(.utf8, at) }
                guard unsafe append(value, step.builder) else { return fail(.full, at) }
            case .bytes:
                guard let value = unsafe take(&reader, at) else { return false }
                guard unsafe append(value, step.builder) else { return fail(.full, at) }
            case .boolean:
                guard let value = reader.littleEndian(UInt8.self) else { return fail(.end, at) }
                guard value <= 1 else { return fail(.boolean, at, Int64(value)) }
                unsafe Self.with(step.builder, as: BoolColumnBuilder.self) { $0.append(value == 1) }
            case .float:
                guard let bits = reader.littleEndian(UInt32.self) else { return fail(.end, at) }
                unsafe Self.append(Float(bitPattern: bits), step.builder)
            case .double:
                guard let bits = reader.littleEndian(UInt64.self) else { return fail(.end, at) }
                unsafe Self.append(Double(bitPattern: bits), step.builder)
            case .intToLong, .intToFloat, .intToDouble:
                guard let value = reader.avroLong() else { return fail(.end, at) }
                guard Int32(exactly: value) != nil else { return fail(.intRange, at, value) }
                switch step.operation {
                case .intToLong: unsafe Self.append(value, step.builder)
                case .intToFloat: unsafe Self.append(Float(value), step.builder)
                default: unsafe Self.append(Double(value), step.builder)
                }
            case .longToFloat:
                guard let value = reader.avroLong() else { return fail(.end, at) }
                unsafe Self.append(Float(value), step.builder)
            case .longToDouble:
                guard let value = reader.avroLong() else { return fail(.end, at) }
                unsafe Self.append(Double(value), step.builder)
            case .floatToDouble:
                guard let bits = reader.littleEndian(UInt32.self) else { return fail(.end, at) }
                unsafe Self.append(Double(Float(bitPattern: bits)), step.builder)
            case .enumeration:
                guard let index = reader.avroLong() else { return fail(.end, at) }
                guard index >= 0, index < Int64(step.second) else { return fail(.index, at, index) }
                guard appendSymbol(Int(index), step, at) else { return false }
            case .null: unsafe Self.with(step.builder, as: ColumnBuilder.self) { $0.appendNull() }
            case .jump: next = step.first
            case .structure: unsafe Self.with(step.builder, as: StructureColumnBuilder.self) { $0.appendStructure() }
            case .union:
                guard let branch = reader.avroLong() else { return fail(.end, at) }
                guard branch >= 0, branch < Int64(step.second) else { return fail(.index, at, branch) }
                next = unsafe program._withUnsafeGuaranteedRef { unsafe $0.jumps[step.first + Int(branch)] }
            case .array, .map:
                guard items(of: step, at, &reader) else { return false }
                unsafe Self.with(step.builder, as: ListColumnBuilder.self) { $0.appendList() }
                next = step.first
            case .skipArray, .skipMap:
                guard items(of: step, at, &reader) else { return false }
                next = step.first
            case .skipLong:
                guard reader.avroLong() != nil else { return fail(.end, at) }
            case .skipFixed:
                guard reader.skip(step.first) else { return fail(.end, at) }
            case .skipBytes:
                guard unsafe take(&reader, at) != nil else { return false }
            case .end: return true
            default:
                guard rare(step, at, &reader) else { return false }
            }
        }
    }

    // MARK: Seldom used steps, kept out of the loop

    @inline(never)
    private mutating func rare(_ step: AvroDecodeStep, _ at: Int, _ reader: inout ByteReader) -> Bool {
        switch step.operation {
        case .fixed:
            guard let value = unsafe reader.take(step.first) else { return fail(.end, at) }
            unsafe Self.with(step.builder, as: FixedSizeBinaryColumnBuilder.self) { unsafe $0.append(value) }
        case .decimalBytes:
            guard let value = unsafe take(&reader, at) else { return false }
            return unsafe appendDecimal(value, digits: step.first, step, at)
        case .decimalFixed:
            guard let value = unsafe reader.take(step.first) else { return fail(.end, at) }
            return unsafe appendDecimal(value, digits: step.second, step, at)
        case .duration:
            guard let months = reader.littleEndian(UInt32.self), let days = reader.littleEndian(UInt32.self),
                let millis = reader.littleEndian(UInt32.self)
            else { return fail(.end, at) }
            guard let months = Int32(exactly: months), let days = Int32(exactly: days) else {
                return fail(.duration, at)
            }
            unsafe Self.append(
                MonthDayNano(months: months, days: days, nanos: Int64(millis) * 1_000_000), step.builder)
        case .constant:
            return unsafe program._withUnsafeGuaranteedRef { program in
                unsafe Self.with(step.builder, as: ColumnBuilder.self) { builder in
                    // Every default was checked against its type.
                    guard (try? builder.append(program.constants[step.first])) != nil else { return false }
                    return true
                }
            } ? true : fail(.full, at)
        case .skipInt:
            guard let value = reader.avroLong() else { return fail(.end, at) }
            guard Int32(exactly: value) != nil else { return fail(.intRange, at, value) }
        case .skipBoolean:
            guard let value = reader.littleEndian(UInt8.self) else { return fail(.end, at) }
            guard value <= 1 else { return fail(.boolean, at, Int64(value)) }
        case .skipEnumeration:
            guard let index = reader.avroLong() else { return fail(.end, at) }
            guard index >= 0, index < Int64(step.first) else { return fail(.index, at, index) }
        default: return fail(.refused, at, Int64(step.first))
        }
        return true
    }

    /// Blocks of items until an empty one. Source: Apache Avro 1.12 Specification, "Arrays", "Maps".
    private mutating func items(of step: AvroDecodeStep, _ at: Int, _ reader: inout ByteReader) -> Bool {
        let isList = step.operation == .array || step.operation == .map
        while true {
            guard var count = reader.avroLong() else { return fail(.end, at) }
            if count == 0 { return true }
            if count < 0 {
                guard count > Int64.min else { return fail(.count, at, count) }
                count = -count
                guard let bytes = reader.avroLong() else { return fail(.end, at) }
                guard bytes >= 0, bytes <= reader.remaining else { return fail(.length, at, bytes) }
            }
            if step.second > 0 {
                guard count <= Int64(reader.remaining / step.second) else { return fail(.count, at, count) }
            } else {
                guard count <= emptyItemsLeft else { return fail(.count, at, count) }
                emptyItemsLeft -= Int(count)
            }
            if isList {
                let held = unsafe Self.with(step.builder, as: ListColumnBuilder.self) { $0.items.count }
                guard Int64(held) + count <= Int64(Int32.max) else { return fail(.full, at) }
            }
            for _ in 0..<count {
                guard run(from: at + 1, &reader) else { return false }
            }
        }
    }

    private mutating func appendSymbol(_ index: Int, _ step: AvroDecodeStep, _ at: Int) -> Bool {
        let symbol = unsafe program._withUnsafeGuaranteedRef { unsafe $0.symbols[step.first + index] }
        guard symbol.count >= 0 else { return fail(.refused, at, -1) }
        let text = unsafe program._withUnsafeGuaranteedRef {
            unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer($0.symbolText)[symbol.start..<symbol.start + symbol.count])
        }
        return unsafe append(text, step.builder) ? true : fail(.full, at)
    }

    private mutating func appendDecimal(
        _ value: UnsafeRawBufferPointer, digits: Int, _ step: AvroDecodeStep, _ at: Int
    ) -> Bool {
        guard let number = unsafe AvroDecimal.number(value), AvroDecimal.fits(number, digits: digits) else {
            return fail(.decimal, at, Int64(value.count))
        }
        unsafe Self.append(number, step.builder)
        return true
    }

    // MARK: Parts of steps

    /// A length and as many bytes.
    @inline(__always)
    private mutating func take(_ reader: inout ByteReader, _ at: Int) -> UnsafeRawBufferPointer? {
        guard let length = reader.avroLong() else {
            _ = fail(.end, at)
            return nil
        }
        guard length >= 0, length <= reader.remaining else {
            _ = fail(.length, at, length)
            return nil
        }
        return unsafe reader.take(Int(length))
    }

    @inline(__always)
    private static func append<Value: BitwiseCopyable>(_ value: Value, _ builder: UnsafeRawPointer?) {
        unsafe with(builder, as: PrimitiveColumnBuilder<Value>.self) { $0.append(value) }
    }

    /// False where the column cannot take so many bytes more.
    @inline(__always)
    private func append(_ value: UnsafeRawBufferPointer, _ builder: UnsafeRawPointer?) -> Bool {
        unsafe Self.with(builder, as: BytesColumnBuilder.self) { builder in
            guard builder.byteCount &+ value.count <= Int(Int32.max) else { return false }
            unsafe builder.append(value)
            return true
        }
    }

    @inline(__always)
    private static func with<Builder: ColumnBuilder, Result>(
        _ builder: UnsafeRawPointer?, as type: Builder.Type, _ body: (Builder) -> Result
    ) -> Result {
        unsafe Unmanaged<Builder>.fromOpaque(builder.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }

    @inline(never)
    private mutating func fail(_ problem: Failure, _ at: Int, _ detail: Int64 = 0) -> Bool {
        (self.problem, failedStep, self.detail) = (problem, at, detail)
        return false
    }

    func failure(in program: AvroDecodeProgram, at position: Int) -> AvroError {
        let path = program.paths[failedStep]
        let step = unsafe program.steps[failedStep]
        let (expected, found) =
            switch problem {
            case .end: ("the rest of the value", "the end of the bytes, or a number that does not end")
            case .intRange: ("an int of 32 bits", "\(detail)")
            case .boolean: ("0 or 1", "\(detail)")
            case .length: ("a length within the record", "\(detail)")
            case .count: ("as many items as the record has bytes for", "\(detail)")
            case .index:
                step.operation == .enumeration || step.operation == .union
                    ? ("an index below \(step.second)", "\(detail)") : ("an index within its schema", "\(detail)")
            case .utf8: ("UTF-8", "other bytes")
            case .decimal: ("a decimal of its precision", "\(detail) bytes of a larger one")
            case .duration: ("months and days of 31 bits", "larger ones")
            case .refused:
                detail >= 0
                    ? ("a branch that the reader's schema knows", program.reasons[Int(detail)])
                    : ("a symbol that the reader's schema knows", "another symbol of the writer's")
            case .full: ("room in the column", "a full one")
            }
        if problem == .full { return .batchFull(path: path) }
        return .malformedRecord(expected: expected, found: found, path: path, position: position)
    }
}

extension ByteReader {
    /// Avro's int and long: mostly one byte.
    @inline(__always)
    mutating func avroLong() -> Int64? { zigzagVarint() }
}
