internal import Base
internal import Columnar

/// Runs the steps that write one row.
@safe
struct AvroEncodeMachine {
    enum Failure { case null, narrow, symbol, decimal, duration, member }

    let steps: UnsafePointer<AvroEncodeStep>
    let program: Unmanaged<AvroEncodeProgram>
    private var problem = Failure.null
    private var failedStep = 0

    init(steps: UnsafePointer<AvroEncodeStep>, program: Unmanaged<AvroEncodeProgram>) {
        unsafe self.steps = steps
        unsafe self.program = program
    }

    mutating func run(from start: Int, row: Int, _ writer: inout ByteWriter) -> Bool {
        var next = start
        while true {
            let at = next
            let step = unsafe steps[at]
            next += 1
            let index = row + step.shift
            switch step.operation {
            case .nullable:
                let null = step.first
                if let validity = unsafe step.validity, unsafe !Bits.get(validity, at: index) {
                    writer.zigzagVarint(Int64(null))
                    next = step.second
                } else {
                    // With a null there is one other branch; a union of more writes its own.
                    if !isUnion(next) { writer.zigzagVarint(Int64(1 - null)) }
                }
            case .required:
                if let validity = unsafe step.validity, unsafe !Bits.get(validity, at: index) { return fail(.null, at) }
            case .int64: writer.zigzagVarint(load(step, index, Int64.self))
            case .int32: writer.zigzagVarint(Int64(load(step, index, Int32.self)))
            case .int16: writer.zigzagVarint(Int64(load(step, index, Int16.self)))
            case .int8: writer.zigzagVarint(Int64(load(step, index, Int8.self)))
            case .uint32: writer.zigzagVarint(Int64(load(step, index, UInt32.self)))
            case .uint16: writer.zigzagVarint(Int64(load(step, index, UInt16.self)))
            case .uint8: writer.zigzagVarint(Int64(load(step, index, UInt8.self)))
            case .int64AsInt:
                guard let narrow = Int32(exactly: load(step, index, Int64.self)) else { return fail(.narrow, at) }
                writer.zigzagVarint(Int64(narrow))
            case .boolean:
                let value = unsafe Bits.get(step.values.unsafelyUnwrapped, at: index)
                writer.bytes.append(value ? 1 : 0)
            case .float: writer.littleEndian(load(step, index, UInt32.self))
            case .double: writer.littleEndian(load(step, index, UInt64.self))
            case .int32AsFloat: writer.littleEndian(Float(load(step, index, Int32.self)).bitPattern)
            case .int32AsDouble: writer.littleEndian(Double(load(step, index, Int32.self)).bitPattern)
            case .int64AsDouble: writer.littleEndian(Double(load(step, index, Int64.self)).bitPattern)
            case .floatAsDouble: writer.littleEndian(Double(load(step, index, Float.self)).bitPattern)
            case .bytes:
                let value = unsafe bytes(step, index)
                writer.zigzagVarint(Int64(value.count))
                unsafe writer.bytes.append(contentsOf: value)
            case .fixed:
                let width = step.first
                unsafe writer.bytes.append(
                    contentsOf: UnsafeRawBufferPointer(
                        start: step.values.map { unsafe $0 + index * width }, count: width))
            case .jump: next = step.first
            case .writeLong: writer.zigzagVarint(Int64(step.first))
            case .list:
                let offsets = unsafe step.offsets.unsafelyUnwrapped
                let (from, to) = unsafe (Int(offsets[index]), Int(offsets[index + 1]))
                if to > from {
                    writer.zigzagVarint(Int64(to - from))
                    for item in from..<to {
                        guard run(from: at + 1, row: item, &writer) else { return false }
                    }
                }
                writer.bytes.append(0)
                next = step.first
            case .end: return true
            default:
                guard let target = rare(step, at, index, row, &writer) else { return false }
                if target >= 0 { next = target }
            }
        }
    }

    /// Where to go on; negative for the next step; nil where the value cannot be written.
    @inline(never)
    private mutating func rare(
        _ step: AvroEncodeStep, _ at: Int, _ index: Int, _ row: Int, _ writer: inout ByteWriter
    ) -> Int? {
        switch step.operation {
        case .enumeration:
            let text = unsafe Array(bytes(step, index))
            let symbol = unsafe program._withUnsafeGuaranteedRef { $0.symbols[step.first][text] }
            guard let symbol else { return failNil(.symbol, at) }
            writer.zigzagVarint(Int64(symbol))
        case .decimalBytes:
            let number = load(step, index, Int128.self)
            let count = AvroDecimal.byteCount(number)
            writer.zigzagVarint(Int64(count))
            append(number, count, &writer)
        case .decimalFixed:
            let number = load(step, index, Int128.self)
            let size = step.first
            guard AvroDecimal.byteCount(number) <= size else { return failNil(.decimal, at) }
            append(number, size, &writer)
        case .duration:
            let value = load(step, index, MonthDayNano.self)
            guard let months = UInt32(exactly: value.months), let days = UInt32(exactly: value.days),
                value.nanos % 1_000_000 == 0, let millis = UInt32(exactly: value.nanos / 1_000_000)
            else { return failNil(.duration, at) }
            writer.littleEndian(months)
            writer.littleEndian(days)
            writer.littleEndian(millis)
        case .union:
            let members = unsafe program._withUnsafeGuaranteedRef { $0.members[step.first] }
            for member in members {
                if member.isEmpty { continue }
                if let validity = unsafe member.validity, unsafe !Bits.get(validity, at: row + member.shift) {
                    continue
                }
                writer.zigzagVarint(Int64(member.branch))
                return member.start
            }
            return failNil(.member, at)
        default:
            let base = unsafe step.values.unsafelyUnwrapped
            let entry =
                switch step.second {
                case 1: Int(unsafe base.load(fromByteOffset: index, as: UInt8.self))
                case 2: Int(unsafe base.load(fromByteOffset: index * 2, as: UInt16.self))
                case 4: Int(unsafe base.load(fromByteOffset: index * 4, as: Int32.self))
                default: Int(unsafe base.load(fromByteOffset: index * 8, as: Int64.self))
                }
            guard run(from: at + 1, row: entry, &writer) else { return nil }
            return step.first
        }
        return -1
    }

    private func isUnion(_ step: Int) -> Bool { unsafe steps[step].operation == .union }

    private func append(_ number: Int128, _ count: Int, _ writer: inout ByteWriter) {
        for place in stride(from: count - 1, through: 0, by: -1) {
            // Beyond 16 bytes only the sign goes on.
            writer.bytes.append(UInt8(truncatingIfNeeded: number >> Int128(min(place * 8, 127))))
        }
    }

    @inline(__always)
    private func load<Value: BitwiseCopyable>(_ step: AvroEncodeStep, _ index: Int, _ type: Value.Type) -> Value {
        unsafe step.values.unsafelyUnwrapped.loadUnaligned(
            fromByteOffset: index &* MemoryLayout<Value>.stride, as: type)
    }

    @inline(__always)
    private func bytes(_ step: AvroEncodeStep, _ index: Int) -> UnsafeRawBufferPointer {
        let offsets = unsafe step.offsets.unsafelyUnwrapped
        let start = unsafe Int(offsets[index])
        return unsafe UnsafeRawBufferPointer(
            start: step.values.map { unsafe $0 + start }, count: Int(offsets[index + 1]) - start)
    }

    @inline(never)
    private mutating func fail(_ problem: Failure, _ at: Int) -> Bool {
        (self.problem, failedStep) = (problem, at)
        return false
    }

    private mutating func failNil(_ problem: Failure, _ at: Int) -> Int? {
        _ = fail(problem, at)
        return nil
    }

    func failure(in program: AvroEncodeProgram, row: Int) -> AvroError {
        let (expected, found) =
            switch problem {
            case .null: ("a value", "null")
            case .narrow: ("a number of 32 bits", "a larger one")
            case .symbol: ("a symbol of the enum", "another text")
            case .decimal: ("a decimal that fits the fixed type", "a larger one")
            case .duration: ("months, days and whole milliseconds, none negative", "another interval")
            case .member: ("a value in one member of the union", "nulls in all")
            }
        return .wrongValue(expected: expected, found: found, path: program.paths[failedStep], row: row)
    }
}
