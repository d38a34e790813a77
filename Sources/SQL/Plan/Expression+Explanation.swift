internal import Columnar

extension Expression {
    /// The expression as text; `names` are the input's columns. A column is written as `name#number`.
    public func explanation(over names: [String]) -> String {
        switch node {
        case .column(let index): return "\(names.indices.contains(index) ? names[index] : "")#\(index)"
        case .literal(let scalar): return scalar.explanation(as: type)
        case .cast(let inner, let isTry):
            return "\(isTry ? "try_cast" : "cast")(\(inner.explanation(over: names)) as \(type))"
        case .conditional(let branches, let otherwise):
            let cases = branches.map {
                "when \($0.condition.explanation(over: names)) then \($0.result.explanation(over: names))"
            }
            return "case \(cases.joined(separator: " ")) else \(otherwise.explanation(over: names)) end"
        case .call(let function, let arguments):
            let inner = arguments.map { $0.explanation(over: names) }
            if let symbol = function.symbol, inner.count > 1 {
                return "(\(inner.joined(separator: " \(symbol) ")))"
            }
            return "\(function.rawValue)(\(inner.joined(separator: ", ")))"
        }
    }
}

extension ScalarFunction {
    fileprivate var symbol: String? {
        switch self {
        case .add, .timestampPlusInterval: "+"
        case .subtract, .timestampMinusInterval, .timestampMinusTimestamp: "-"
        case .multiply: "*"
        case .divide: "/"
        case .integerDivide: "//"
        case .modulo: "%"
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .and: "and"
        case .or: "or"
        case .concatOperator: "||"
        default: nil
        }
    }
}

extension Scalar {
    func explanation(as type: DataType) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return type.isInteger ? "\(value)" : "\(type) \(value)"
        case .uint(let value): return "\(value)"
        case .double(let value): return "\(value)"
        case .decimal(let value):
            guard let scale = type.decimalDigits?.scale, scale > 0 else { return "\(value)" }
            let digits = String(value.magnitude)
            let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            return "\(value < 0 ? "-" : "")\(padded.dropLast(scale)).\(padded.suffix(scale))"
        case .string(let text): return "'\(text)'"
        case .interval(let months, let days, let nanos): return "interval \(months) months \(days) days \(nanos) ns"
        case .bytes, .list, .structure, .map: return "\(self)"
        }
    }
}
