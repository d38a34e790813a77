internal import Columnar

extension Expression {
    /// The expression with what only literals decide worked out; its parts are folded already.
    var folded: Expression {
        guard case .call(let function, let arguments) = node else { return self }
        switch function {
        case .and, .or: return foldedLogic(function, arguments)
        case .add, .subtract, .multiply: return foldedArithmetic(function, arguments)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return foldedComparison(function, arguments)
        default: return self
        }
    }

    var isTrue: Bool { node == .literal(.bool(true)) }

    private func literal(_ scalar: Scalar) -> Expression {
        Expression(.literal(scalar), type: type, nullable: scalar.isNull, position: position)
    }

    /// TRUE in an AND, and FALSE in an OR, say nothing; the other way round they decide.
    private func foldedLogic(_ function: ScalarFunction, _ arguments: [Expression]) -> Expression {
        let neutral = Node.literal(.bool(function == .and))
        let deciding = Node.literal(.bool(function == .or))
        if arguments.contains(where: { $0.node == deciding }), !arguments.contains(where: \.canFail) {
            return literal(.bool(function == .or))
        }
        let parts = arguments.filter { $0.node != neutral }
        switch parts.count {
        case 0: return literal(.bool(function == .and))
        case 1: return parts[0]
        default:
            return Expression(
                .call(function, parts), type: .bool, nullable: parts.contains(where: \.nullable), position: position)
        }
    }

    private func foldedArithmetic(_ function: ScalarFunction, _ arguments: [Expression]) -> Expression {
        guard type.isInteger, let left = arguments[0].wholeNumber, let right = arguments[1].wholeNumber else {
            return self
        }
        let value: Int128 =
            switch function {
            case .add: left + right
            case .subtract: left - right
            default: left * right
            }
        return NumericTypes.holds(type, value) ? literal(LiteralCast.integer(value, type)) : self
    }

    private func foldedComparison(_ function: ScalarFunction, _ arguments: [Expression]) -> Expression {
        let isLess: Bool
        let isEqual: Bool
        if let left = arguments[0].wholeNumber, let right = arguments[1].wholeNumber {
            (isLess, isEqual) = (left < right, left == right)
        } else if case (.literal(.string(let left)), .literal(.string(let right))) = (
            arguments[0].node, arguments[1].node
        ) {
            isLess = left.utf8.lexicographicallyPrecedes(right.utf8)
            isEqual = left.utf8.elementsEqual(right.utf8)
        } else {
            return self
        }
        let value =
            switch function {
            case .equal: isEqual
            case .notEqual: !isEqual
            case .less: isLess
            case .lessOrEqual: isLess || isEqual
            case .greater: !isLess && !isEqual
            default: !isLess
            }
        return literal(.bool(value))
    }

    /// The value of an integer literal.
    private var wholeNumber: Int128? {
        guard type.isInteger else { return nil }
        return switch node {
        case .literal(.int(let value)): Int128(value)
        case .literal(.uint(let value)): Int128(value)
        default: nil
        }
    }
}
