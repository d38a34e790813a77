internal import Columnar

/// The columns that an expression may name, each with what it means over the input plan.
struct Scope {
    struct Column {
        let name: String
        /// The relation that it is a column of, by number.
        let relation: Int
        /// Its value, for a reference with the relation's name.
        let expression: Expression
        /// Its value without the relation's name; nil where USING merged it into another column.
        let unqualified: Expression?
    }

    struct Relation {
        /// The alias, or the last part of the path.
        let name: String
        /// Every part as written; empty under an alias, which hides them.
        let path: [String]
    }

    var relations: [Relation] = []
    var columns: [Column] = []

    init() {}

    /// A relation whose columns are the fields of a plan.
    init(relation: Relation, fields: [Field], names: [String]) {
        relations = [relation]
        columns = fields.indices.map { index in
            let expression = Expression(.column(index), type: fields[index].type, nullable: fields[index].nullable)
            return Column(name: names[index], relation: 0, expression: expression, unqualified: expression)
        }
    }

    /// Two scopes side by side, the right one's columns behind the left one's `leftCount`.
    init(_ left: Scope, _ right: Scope, leftCount: Int, nullableLeft: Bool, nullableRight: Bool) {
        relations = left.relations + right.relations
        columns =
            left.columns.map { $0.moved(by: 0, relations: 0, nullable: nullableLeft) }
            + right.columns.map { $0.moved(by: leftCount, relations: left.relations.count, nullable: nullableRight) }
    }

    // MARK: Look-up

    enum Match {
        case none
        case one(Expression)
        case many([String])
    }

    /// A column without a relation's name.
    func column(_ name: String) -> Match {
        match(columns.filter { $0.unqualified != nil && $0.name.equalsIgnoringCase(name) }, \.unqualified)
    }

    func column(_ name: String, of qualifier: [String]) -> Match {
        let matching = relations.indices.filter { relations[$0].isNamed(qualifier) }
        return match(
            columns.filter { matching.contains($0.relation) && $0.name.equalsIgnoringCase(name) }, \.expression)
    }

    func hasRelation(_ qualifier: [String]) -> Bool { relations.contains { $0.isNamed(qualifier) } }

    private func match(_ found: [Column], _ value: (Column) -> Expression?) -> Match {
        switch found.count {
        case 0: .none
        case 1: value(found[0]).map { .one($0) } ?? .none
        default: .many(found.map { "\(relations[$0.relation].name).\($0.name)" })
        }
    }

    /// Every name that an unqualified reference could have meant.
    var columnNames: [String] { columns.filter { $0.unqualified != nil }.map(\.name) }

    func columnNames(of qualifier: [String]) -> [String] {
        columns.filter { relations[$0.relation].isNamed(qualifier) }.map(\.name)
    }
}

extension Scope.Column {
    func moved(by offset: Int, relations: Int, nullable: Bool) -> Scope.Column {
        func move(_ expression: Expression) -> Expression {
            let moved = expression.shiftingColumns(by: offset)
            return Expression(
                moved.node, type: moved.type, nullable: moved.nullable || nullable, position: moved.position)
        }
        return Scope.Column(
            name: name, relation: relation + relations, expression: move(expression),
            unqualified: unqualified.map(move))
    }
}

extension Scope.Relation {
    func isNamed(_ qualifier: [String]) -> Bool {
        if qualifier.count == 1 { return name.equalsIgnoringCase(qualifier[0]) }
        guard qualifier.count <= path.count else { return false }
        return zip(path.suffix(qualifier.count), qualifier).allSatisfy { $0.equalsIgnoringCase($1) }
    }
}

extension String {
    /// Names in SQL do not tell upper from lower case.
    func equalsIgnoringCase(_ other: String) -> Bool { self == other || lowercased() == other.lowercased() }
}
