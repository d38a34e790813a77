public import Columnar

/// A condition on one column, by which whole files can be left out. A row where it is null does not match.
public enum FilePredicate: Sendable, Hashable {
    case equals(String, Scalar)
    case less(String, Scalar)
    case lessOrEqual(String, Scalar)
    case greater(String, Scalar)
    case greaterOrEqual(String, Scalar)
    case isIn(String, [Scalar])
    case isNull(String)
    case isNotNull(String)

    public var column: String {
        switch self {
        case .equals(let name, _), .less(let name, _), .lessOrEqual(let name, _), .greater(let name, _),
            .greaterOrEqual(let name, _), .isIn(let name, _), .isNull(let name), .isNotNull(let name):
            name
        }
    }

    /// Whether a value between the bounds could match. Unknown bounds exclude nothing.
    func mayMatch(minimum: Scalar?, maximum: Scalar?) -> Bool {
        func atLeast(_ value: Scalar, orEqual: Bool) -> Bool {
            guard let maximum, let order = ScalarOrder.compare(maximum, value) else { return true }
            return orEqual ? order >= 0 : order > 0
        }
        func atMost(_ value: Scalar, orEqual: Bool) -> Bool {
            guard let minimum, let order = ScalarOrder.compare(minimum, value) else { return true }
            return orEqual ? order <= 0 : order < 0
        }
        return switch self {
        case .equals(_, let value): atLeast(value, orEqual: true) && atMost(value, orEqual: true)
        case .less(_, let value): atMost(value, orEqual: false)
        case .lessOrEqual(_, let value): atMost(value, orEqual: true)
        case .greater(_, let value): atLeast(value, orEqual: false)
        case .greaterOrEqual(_, let value): atLeast(value, orEqual: true)
        case .isIn(_, let values): values.contains { atLeast($0, orEqual: true) && atMost($0, orEqual: true) }
        case .isNull, .isNotNull: true
        }
    }

    /// Whether a file whose rows all have this value can be left out no longer.
    func mayMatch(partitionValue value: Scalar) -> Bool {
        switch self {
        case .isNull: value.isNull
        case .isNotNull: !value.isNull
        default: !value.isNull && mayMatch(minimum: value, maximum: value)
        }
    }
}

/// The order of values of one type.
enum ScalarOrder {
    /// Below 0, 0 or above 0; nil where the values cannot be compared.
    static func compare(_ left: Scalar, _ right: Scalar) -> Int? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(left, right)
        case (.uint(let left), .uint(let right)): order(left, right)
        case (.int(let left), .uint(let right)): left < 0 ? -1 : order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? 1 : order(left, UInt64(right))
        case (.double(let left), .double(let right)): left.isNaN || right.isNaN ? nil : order(left, right)
        case (.decimal(let left), .decimal(let right)): order(left, right)
        case (.bool(let left), .bool(let right)): order(left ? 1 : 0, right ? 1 : 0)
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : right.utf8.elementsEqual(left.utf8) ? 0 : 1
        default: nil
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left == right ? 0 : 1
    }
}
