/// One value of any type, for literals, single rows and tests; never used a row at a time in a hot path.
///
/// Times, dates and timestamps are `int` in the unit of their type; a decimal is its unscaled integer.
public enum Scalar: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Signed integers, dates, times, timestamps and durations.
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case decimal(Int128)
    case string(String)
    case bytes([UInt8])
    case interval(months: Int32, days: Int32, nanos: Int64)
    case list([Scalar])
    /// The values of a structure, in the order of its fields.
    case structure([Scalar])
    case map([MapEntry])

    public struct MapEntry: Sendable, Hashable {
        public let key: Scalar
        public let value: Scalar
        public init(_ key: Scalar, _ value: Scalar) { (self.key, self.value) = (key, value) }
    }

    public var isNull: Bool { self == .null }
}
