internal import Columnar
internal import SQL

/// What every worker makes its operators from.
struct PhysicalPlan: Sendable {
    let root: PhysicalNode
    let outputSchema: Schema
    /// What the late sink gets; nil where no row can be late.
    let lateSchema: Schema?
    /// False where the output takes rows back.
    let insertOnly: Bool
    let sources: [SourceSpec]
    let joins: [JoinSpec]
    /// Names of the steps, by number; 0 is the sink.
    let steps: [String]
    /// Which step hands rows to which.
    let edges: [Edge]
    let exchanges: Int
    /// Tells this plan from others whose state would not fit it.
    let fingerprint: String

    struct Edge: Sendable, Hashable { let from: Int, to: Int }
}

indirect enum PhysicalNode: Sendable {
    case source(Int)
    case filterProject(step: Int, PhysicalNode, FilterProjectSpec)
    case window(step: Int, PhysicalNode, WindowSpec)
    case aggregate(step: Int, PhysicalNode, AggregateSpec)
    /// The number of the join's spec.
    case join(step: Int, PhysicalNode, Int)
    case union(step: Int, [PhysicalNode], Schema)
}

struct SourceSpec: Sendable {
    let step: Int
    let scan: Scan
    /// The column that moves the watermark; nil where nothing above needs one.
    var eventTimeColumn: Int?
    var eventTimeUnit: TimeUnit
}

struct FilterProjectSpec: Sendable {
    let predicate: Expression?
    let needed: ColumnSet
    let projections: [NamedExpression]?
    let schema: Schema
}

struct WindowSpec: Sendable {
    let timeColumn: Int
    /// In the unit of the time column.
    let (size, slide, offset): (Int64, Int64, Int64)
    let unit: TimeUnit
    let schema: Schema
    let lateSchema: Schema
    let needed: ColumnSet
}

struct AggregateSpec: Sendable {
    enum OutputKey: Sendable { case plain(Int), windowStart, windowEnd }
    struct Call: Sendable {
        let call: AggregateCall
        let arguments: [Int]
        let filter: Int?
    }
    /// The operator's number, which its stored state carries.
    let id: Int
    let exchange: Int
    /// The steps of the exchange before the aggregate.
    let senderStep: Int
    let receiverStep: Int
    /// Columns of the input, which has been projected to keys and arguments.
    let keyColumns: [Int]
    let keyTypes: [DataType]
    let windowColumn: Int?
    let windowSize: Int64
    /// Whether the window column is its start, not its end.
    let windowIsStart: Bool
    let windowUnit: TimeUnit
    let calls: [Call]
    let outputKeys: [OutputKey]
    let outputSchema: Schema
    let insertOnly: Bool
    let emitsChanges: Bool
}

struct JoinSpec: Sendable {
    let table: RelationalPlan
    let tableNeeded: ColumnSet
    let streamKeys: [Expression]
    let tableKeys: [Expression]
    let streamTime: Expression?
    let tableTime: Expression?
    let strict: Bool
    let residual: Expression?
    /// Whether stream rows without a match stay, with nulls.
    let keepsUnmatched: Bool
    /// Whether the table's columns come before the stream's.
    let tableFirst: Bool
    let schema: Schema
    let needed: ColumnSet
}
