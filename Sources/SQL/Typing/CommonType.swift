internal import Columnar

/// The type that values of two types meet in, by DuckDB's rules.
enum CommonType {
    /// Where the two stand, which decides about strings.
    enum Place {
        /// Both sides of a comparison: text is read as the other side's type.
        case comparison
        /// Results that become one column: text and others do not mix.
        case results
    }

    /// - Returns: nil where an explicit cast is needed.
    static func of(_ left: Bound, _ right: Bound, in place: Place) -> DataType? {
        let (leftType, rightType) = (left.type.computed, right.type.computed)
        if leftType == rightType { return leftType }
        if left.isNull { return rightType }
        if right.isNull { return leftType }
        switch (left.isStringLiteral, right.isStringLiteral) {
        case (true, false): return rightType
        case (false, true): return leftType
        default: break
        }
        if let value = left.integerLiteral, right.integerLiteral == nil, NumericTypes.holds(rightType, value) {
            return rightType
        }
        if let value = right.integerLiteral, left.integerLiteral == nil, NumericTypes.holds(leftType, value) {
            return leftType
        }
        if leftType.isText || rightType.isText {
            guard place == .comparison else { return nil }
            return leftType.isText ? rightType : leftType
        }
        return of(leftType, rightType)
    }

    static func of(_ left: DataType, _ right: DataType) -> DataType? {
        if left == right { return left }
        if left == .null { return right }
        if right == .null { return left }
        if let numeric = NumericTypes.common(left, right) { return numeric }
        switch (left, right) {
        case (.bool, _) where right.isNumeric: return right
        case (_, .bool) where left.isNumeric: return left
        case (.date32, .timestamp): return right
        case (.timestamp, .date32): return left
        case (.timestamp(let leftUnit, let leftZone), .timestamp(let rightUnit, let rightZone)):
            let unit = leftUnit.rawValue >= rightUnit.rawValue ? leftUnit : rightUnit
            return .timestamp(unit, zone: leftZone ?? rightZone)
        case (.time32, .time64), (.time32, .time32): return right
        case (.time64, .time32): return left
        case (.list(let leftItem), .list(let rightItem)):
            return of(leftItem.type, rightItem.type).map { .list(Field(leftItem.name, $0)) }
        default: return nil
        }
    }
}

/// A bound expression, with what its literal form still leaves open.
struct Bound {
    var expression: Expression
    /// The value of an integer literal, which takes on the type of what it meets.
    var integerLiteral: Int128?
    /// A string literal is read as whatever type it meets.
    var isStringLiteral = false

    init(_ expression: Expression, integerLiteral: Int128? = nil, isStringLiteral: Bool = false) {
        self.expression = expression
        self.integerLiteral = integerLiteral
        self.isStringLiteral = isStringLiteral
    }

    init(_ node: Expression.Node, _ type: DataType, nullable: Bool, at position: Int?) {
        self.init(Expression(node, type: type, nullable: nullable, position: position))
    }

    var type: DataType { expression.type }
    var nullable: Bool { expression.nullable }
    var position: Int? { expression.position }
    var isNull: Bool { expression.node == .literal(.null) && expression.type == .null }
}
