public import Columnar

/// A scalar expression whose names and types are resolved. `type` is the DuckDB type of the same expression.
public struct Expression: Sendable, Hashable {
    public indirect enum Node: Sendable, Hashable {
        /// A column of the input, by number.
        case column(Int)
        case literal(Scalar)
        /// A function of the arguments' values, row by row; null in, null out unless the function says otherwise.
        case call(ScalarFunction, [Expression])
        case cast(Expression, isTry: Bool)
        /// `CASE WHEN condition THEN result ... ELSE otherwise END`.
        case conditional([Branch], otherwise: Expression)
    }

    public struct Branch: Sendable, Hashable {
        public let condition: Expression
        public let result: Expression
        public init(condition: Expression, result: Expression) { (self.condition, self.result) = (condition, result) }
    }

    public let node: Node
    public let type: DataType
    public let nullable: Bool
    /// Where the expression begins in the SQL text, counted in UTF-8 bytes from 0; nil where the binder made it.
    public let position: Int?

    public init(_ node: Node, type: DataType, nullable: Bool = true, position: Int? = nil) {
        self.node = node
        self.type = type
        self.nullable = nullable
        self.position = position
    }

    /// The numbers of the input columns that the expression reads.
    public var inputColumns: Set<Int> {
        switch node {
        case .column(let index): [index]
        case .literal: []
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.inputColumns) }
        case .cast(let inner, _): inner.inputColumns
        case .conditional(let branches, let otherwise):
            branches.reduce(into: otherwise.inputColumns) {
                $0.formUnion($1.condition.inputColumns)
                $0.formUnion($1.result.inputColumns)
            }
        }
    }
}

/// The scalar functions that streams can run, by meaning. Arguments have been cast to common types by the binder.
public enum ScalarFunction: String, Sendable, Hashable, CaseIterable {
    case add, subtract, multiply
    /// `/`: both arguments and the result are DOUBLE; a FLOAT quotient is a cast of it.
    case divide
    /// `//`: integer quotient towards negative infinity as DuckDB does; null where the divisor is zero.
    case integerDivide
    case modulo, negate
    case abs, round, floor, ceiling, sign, sqrt, power, ln, log10, exp
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    /// `IS [NOT] DISTINCT FROM`: never null.
    case distinctFrom, notDistinctFrom
    /// Three-valued logic; `and` and `or` take two arguments or more.
    case and, or, not
    case isNull, isNotNull
    /// First argument that is not null.
    case coalesce
    case nullIf, greatest, least
    /// `IN` over literals and expressions, the subject first; three-valued.
    case inList
    case concat
    /// `||`: null if a side is.
    case concatOperator
    case lower, upper, trim, leftTrim, rightTrim, length, substring, replace, startsWith, endsWith, contains, left,
        right
    case leftPad, rightPad, reverse, splitPart
    /// The subject, then the pattern of SQL's LIKE; the third argument is the escape character, if any.
    case like, likeIgnoringCase
    /// The first argument is the part's name as a literal, in its singular form (`hour`, `dow`, `doy` ...); dates have
    /// been cast to timestamps. `dateDifference` counts boundaries from the second argument to the third.
    case dateTrunc, datePart, dateDifference
    /// A date, and days as an interval literal; the result is a date.
    case dateAdd, dateSubtract
    case epochMillis, epochMicros, makeTimestamp
    case timestampPlusInterval, timestampMinusInterval, timestampMinusTimestamp
    case hash, md5
    /// Field of a structure; the second argument is its name as a literal.
    case structureField
    /// Item of a list, counted from 1.
    case listItem
}

/// An aggregate call inside `Aggregate`.
public struct AggregateCall: Sendable, Hashable {
    public enum Function: Sendable, Hashable {
        /// `count(*)`.
        case countRows
        case count, sum, average, minimum, maximum
        case countDistinct, sumDistinct
        case anyTrue, allTrue
        /// Linear interpolation between the two nearest values, as SQL's PERCENTILE_CONT. Source: SQL:2003, 10.9.
        case quantileContinuous(Double)
        /// The value at or next above the rank, as SQL's PERCENTILE_DISC.
        case quantileDiscrete(Double)
        /// The `argument` of the row with the greatest or least second argument.
        case argumentOfMaximum, argumentOfMinimum
        /// Population or sample variance and deviation.
        case varianceSample, variancePopulation, deviationSample, deviationPopulation
        /// A value of the group. For DuckDB's any_value, which passes over nulls, the call has a filter.
        case anyValue
    }

    public let function: Function
    public let arguments: [Expression]
    /// `FILTER (WHERE ...)`.
    public let filter: Expression?
    public let type: DataType

    public init(_ function: Function, arguments: [Expression], filter: Expression? = nil, type: DataType) {
        self.function = function
        self.arguments = arguments
        self.filter = filter
        self.type = type
    }
}
