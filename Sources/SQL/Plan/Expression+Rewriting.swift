internal import Columnar

extension Expression {
    /// The expressions directly inside.
    public var children: [Expression] {
        switch node {
        case .column, .literal: []
        case .call(_, let arguments): arguments
        case .cast(let inner, _): [inner]
        case .conditional(let branches, let otherwise):
            branches.flatMap { [$0.condition, $0.result] } + [otherwise]
        }
    }

    /// The same expression with every part replaced for which `replacement` gives one, from the top.
    func replacing<Failure: Error>(_ replacement: (Expression) throws(Failure) -> Expression?) throws(Failure)
        -> Expression
    {
        if let replaced = try replacement(self) { return replaced }
        let node: Node
        switch self.node {
        case .column, .literal: return self
        case .call(let function, let arguments):
            node = .call(
                function, try arguments.map { (part) throws(Failure) in try part.replacing(replacement) })
        case .cast(let inner, let isTry): node = .cast(try inner.replacing(replacement), isTry: isTry)
        case .conditional(let branches, let otherwise):
            node = .conditional(
                try branches.map { (branch) throws(Failure) in
                    Branch(
                        condition: try branch.condition.replacing(replacement),
                        result: try branch.result.replacing(replacement))
                }, otherwise: try otherwise.replacing(replacement))
        }
        return Expression(node, type: type, nullable: nullable, position: position)
    }

    /// The same over an input whose columns stand elsewhere.
    func mappingColumns(_ place: (Int) -> Int) -> Expression {
        replacing { part in
            guard case .column(let index) = part.node else { return nil }
            return Expression(.column(place(index)), type: part.type, nullable: part.nullable, position: part.position)
        }
    }

    func shiftingColumns(by offset: Int) -> Expression {
        offset == 0 ? self : mappingColumns { $0 + offset }
    }

    /// The same with each input column replaced by what makes it.
    func substituting(_ columns: [NamedExpression]) -> Expression {
        replacing { part in
            guard case .column(let index) = part.node else { return nil }
            return columns[index].expression
        }
    }

    /// The same without places and without what is known of nulls, so that equal meanings are equal values.
    var meaning: Expression {
        let node: Node =
            switch self.node {
            case .column, .literal: self.node
            case .call(let function, let arguments): .call(function, arguments.map(\.meaning))
            case .cast(let inner, let isTry): .cast(inner.meaning, isTry: isTry)
            case .conditional(let branches, let otherwise):
                .conditional(
                    branches.map { Branch(condition: $0.condition.meaning, result: $0.result.meaning) },
                    otherwise: otherwise.meaning)
            }
        return Expression(node, type: type, nullable: true)
    }

    /// The parts of a conjunction, in their order.
    var conjuncts: [Expression] {
        if case .call(.and, let parts) = node { parts.flatMap(\.conjuncts) } else { [self] }
    }

    /// All of `parts` together; nil for none.
    static func conjunction(_ parts: [Expression]) -> Expression? {
        guard let first = parts.first else { return nil }
        guard parts.count > 1 else { return first }
        return Expression(
            .call(.and, parts), type: .bool, nullable: parts.contains(where: \.nullable), position: first.position)
    }

    /// Whether evaluating it on a row that the query would not have looked at can fail.
    var canFail: Bool {
        switch node {
        case .column, .literal: false
        case .cast(let inner, let isTry):
            inner.canFail || !(isTry || inner.type.widens(to: type))
        case .call(let function, let arguments):
            arguments.contains(where: \.canFail) || function.canFail(as: type)
        case .conditional: children.contains(where: \.canFail)
        }
    }
}

extension ScalarFunction {
    /// Whether some arguments have no value of the result's type: overflow, or a domain error.
    func canFail(as type: DataType) -> Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .distinctFrom, .notDistinctFrom, .and,
            .or, .not, .isNull, .isNotNull, .coalesce, .nullIf, .greatest, .least, .inList, .concat, .concatOperator,
            .lower, .upper, .trim, .leftTrim, .rightTrim, .length, .startsWith, .endsWith, .contains, .left, .right,
            .reverse, .dateTrunc, .datePart, .hash, .md5, .structureField, .listItem, .replace, .like,
            .likeIgnoringCase:
            false
        case .add, .subtract, .multiply, .divide, .modulo, .negate, .abs, .round, .floor, .ceiling, .sign:
            !type.isFloating
        default: true
        }
    }
}

extension DataType {
    /// Whether every value of the type is a value of `other`.
    func widens(to other: DataType) -> Bool {
        if self == other || self == .null { return true }
        if case .dictionary(_, let value, _) = self { return value.widens(to: other) }
        switch (self, other) {
        case (_, .float64): return isNumeric
        case (_, .float32): return isNumeric && self != .float64
        case (.date32, .timestamp), (.date64, .timestamp): return true
        case (_, .utf8): return childFields.isEmpty
        default: return isInteger && NumericTypes.common(self, other) == other
        }
    }
}
