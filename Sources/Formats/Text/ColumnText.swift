internal import Columnar

/// Writes the values of one column as text, its type decided once.
///
/// A class for each layout, so that a row costs one call and no allocation beyond the output's growth.
class ColumnText {
    let column: Column
    /// Whether JSON wants quotes around what `write` gives.
    let quoted: Bool

    init(_ column: Column, quoted: Bool) { (self.column, self.quoted) = (column, quoted) }

    /// Appends row `row`, which is not null, without quotes or escapes.
    func write(_ row: Int, into bytes: inout [UInt8]) { preconditionFailure("a column text without write") }
    /// Whether JSON has the value: it has no NaN and no infinities.
    func isFinite(_ row: Int) -> Bool { true }

    /// For a type without children, strings and bytes excepted.
    static func make(_ column: Column, decimalsAsStrings: Bool) -> ColumnText? {
        func plain<Value: BitwiseCopyable>(
            _ type: Value.Type, quoted: Bool = true, _ write: @escaping (Value, inout [UInt8]) -> Void
        ) -> ColumnText { PrimitiveText<Value>(column, quoted: quoted, write) }
        func number<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> ColumnText {
            plain(type, quoted: false) { TextValue.integer($0, into: &$1) }
        }
        switch column.type {
        case .int8: return number(Int8.self)
        case .int16: return number(Int16.self)
        case .int32: return number(Int32.self)
        case .int64: return number(Int64.self)
        case .uint8: return number(UInt8.self)
        case .uint16: return number(UInt16.self)
        case .uint32: return number(UInt32.self)
        case .uint64: return number(UInt64.self)
        case .bool: return BoolText(column, quoted: false)
        case .float16, .float32, .float64: return FloatingText(column, quoted: false)
        case .decimal128(_, let scale):
            return plain(Int128.self, quoted: decimalsAsStrings) { TextValue.decimal($0, scale: scale, into: &$1) }
        case .date32: return plain(Int32.self) { TextValue.date(days: Int64($0), into: &$1) }
        case .date64:
            return plain(Int64.self) {
                TextValue.date(days: ($0 - ($0 % 86_400_000 + 86_400_000) % 86_400_000) / 86_400_000, into: &$1)
            }
        case .time32(let unit): return plain(Int32.self) { TextValue.time(Int64($0), unit, into: &$1) }
        case .time64(let unit): return plain(Int64.self) { TextValue.time($0, unit, into: &$1) }
        case .timestamp(let unit, let zone):
            return plain(Int64.self) { TextValue.timestamp($0, unit, zoned: zone != nil, into: &$1) }
        case .duration(let unit): return plain(Int64.self) { TextValue.duration($0, unit, into: &$1) }
        case .intervalMonthDayNano: return plain(MonthDayNano.self) { TextValue.interval($0, into: &$1) }
        default: return nil
        }
    }
}

private final class PrimitiveText<Value: BitwiseCopyable>: ColumnText {
    private let view: PrimitiveView<Value>
    private let body: (Value, inout [UInt8]) -> Void

    init(_ column: Column, quoted: Bool, _ body: @escaping (Value, inout [UInt8]) -> Void) {
        view = PrimitiveView(column)
        self.body = body
        super.init(column, quoted: quoted)
    }

    override func write(_ row: Int, into bytes: inout [UInt8]) { body(view[row], &bytes) }
}

private final class BoolText: ColumnText {
    override func write(_ row: Int, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: (BoolView(column)[row] ? "true" : "false").utf8)
    }
}

private final class FloatingText: ColumnText {
    override func write(_ row: Int, into bytes: inout [UInt8]) {
        if column.type == .float32 {
            TextValue.floating(PrimitiveView<Float>(column)[row], into: &bytes)
        } else {
            TextValue.floating(number(row), into: &bytes)
        }
    }

    override func isFinite(_ row: Int) -> Bool { number(row).isFinite }

    private func number(_ row: Int) -> Double {
        switch column.type {
        case .float32: return Double(PrimitiveView<Float>(column)[row])
        case .float64: return PrimitiveView<Double>(column)[row]
        default:
            guard case .double(let number) = column.scalar(at: row) else { return .nan }
            return number
        }
    }
}
