public import Columnar

/// A query whose names and types are resolved: what the stream engine compiles into operators.
///
/// Every node has an output schema; expressions refer to columns of the node's input by number. It runs nothing.
public indirect enum RelationalPlan: Sendable, Hashable {
    case scan(Scan)
    /// Keeps the rows for which `predicate` is true (not false and not null).
    case filter(RelationalPlan, predicate: Expression)
    case project(RelationalPlan, [NamedExpression])
    case window(RelationalPlan, WindowAssignment)
    case aggregate(Aggregate)
    case join(Join)
    case asOfJoin(AsOfJoin)
    /// UNION ALL of inputs with equal schemas.
    case union([RelationalPlan])
}

/// One dataset, read whole; the planner prunes `columns`.
public struct Scan: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Unbounded: a topic or a stream model. Rows come for ever.
        case stream
        /// Bounded: a warehouse or lake table. Its rows are all there before the first stream row is joined.
        case table
    }

    /// The dataset's name in the project: `source.table` or a model's name.
    public let relation: String
    public let kind: Kind
    public let schema: Schema
    /// The column that carries event time, by number, where the dataset declares one.
    public let eventTimeColumn: Int?

    public init(relation: String, kind: Kind, schema: Schema, eventTimeColumn: Int? = nil) {
        self.relation = relation
        self.kind = kind
        self.schema = schema
        self.eventTimeColumn = eventTimeColumn
    }
}

public struct NamedExpression: Sendable, Hashable {
    public let name: String
    public let expression: Expression
    public init(name: String, expression: Expression) { (self.name, self.expression) = (name, expression) }
}

/// `tumble(input, time, size)`, `hop(input, time, slide, size)`, `session(input, time, gap)`: the input's columns, then
/// `window_start` and `window_end`, timestamps of the time column's type. Rows whose time is null are refused.
public struct WindowAssignment: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Windows of `sizeMicros` side by side, aligned to 1970-01-01 00:00 plus `offsetMicros`.
        case tumble(sizeMicros: Int64, offsetMicros: Int64)
        case hop(slideMicros: Int64, sizeMicros: Int64)
        case session(gapMicros: Int64)
    }

    public let kind: Kind
    /// The timestamp column of the input, by number.
    public let timeColumn: Int
    public init(kind: Kind, timeColumn: Int) { (self.kind, self.timeColumn) = (kind, timeColumn) }
}

/// Groups rows by `keys` and folds each group. Output: the keys, then the aggregates.
///
/// HAVING and expressions over aggregates are a filter and a project above it. A key that is the `window_end` or
/// `window_start` column of a window below makes it a windowed aggregate, which a watermark can close.
public struct Aggregate: Sendable, Hashable {
    public let input: RelationalPlan
    public let keys: [NamedExpression]
    public let aggregates: [NamedAggregate]

    public init(input: RelationalPlan, keys: [NamedExpression], aggregates: [NamedAggregate]) {
        self.input = input
        self.keys = keys
        self.aggregates = aggregates
    }
}

public struct NamedAggregate: Sendable, Hashable {
    public let name: String
    public let call: AggregateCall
    public init(name: String, call: AggregateCall) { (self.name, self.call) = (name, call) }
}

public enum JoinKind: String, Sendable, Hashable { case inner, left, right, full }

/// An equality join. Output: the left columns, then the right columns.
public struct Join: Sendable, Hashable {
    public let kind: JoinKind
    public let left: RelationalPlan
    public let right: RelationalPlan
    /// Pairs that must be equal; each over its own side's columns. Never empty.
    public let keys: [JoinKey]
    /// What else must hold, over the output columns.
    public let residual: Expression?

    public init(
        kind: JoinKind, left: RelationalPlan, right: RelationalPlan, keys: [JoinKey], residual: Expression? = nil
    ) {
        self.kind = kind
        self.left = left
        self.right = right
        self.keys = keys
        self.residual = residual
    }
}

public struct JoinKey: Sendable, Hashable {
    public let left: Expression
    public let right: Expression
    public init(left: Expression, right: Expression) { (self.left, self.right) = (left, right) }
}

/// `ASOF [LEFT] JOIN`: each left row meets the one right row with equal keys whose `rightTime` is the nearest that
/// satisfies `leftTime >= rightTime` (or `>` where `strict`). Output: the left columns, then the right columns.
public struct AsOfJoin: Sendable, Hashable {
    /// `inner` or `left`.
    public let kind: JoinKind
    public let left: RelationalPlan
    public let right: RelationalPlan
    public let keys: [JoinKey]
    public let leftTime: Expression
    public let rightTime: Expression
    public let strict: Bool

    public init(
        kind: JoinKind, left: RelationalPlan, right: RelationalPlan, keys: [JoinKey], leftTime: Expression,
        rightTime: Expression, strict: Bool
    ) {
        self.kind = kind
        self.left = left
        self.right = right
        self.keys = keys
        self.leftTime = leftTime
        self.rightTime = rightTime
        self.strict = strict
    }
}
