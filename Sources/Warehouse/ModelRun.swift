public import Base

/// How a model's rows are kept.
public enum BuildMethod: Sendable, Hashable {
    /// The query itself, run when it is read.
    case view
    /// All rows, built anew each run.
    case table
    /// New rows are added to those that are there.
    case incremental(IncrementalPlan)
}

/// How an incremental model takes in its new rows.
public struct IncrementalPlan: Sendable, Hashable {
    public enum Strategy: String, Sendable, Hashable {
        /// Adds all new rows.
        case append
        /// Removes the rows whose key is among the new ones, then adds all new rows.
        case deleteInsert = "delete+insert"
        /// Updates the rows whose key is among the new ones, and adds the others.
        case merge
    }

    /// What happens when the query's columns are no longer the table's.
    public enum OnSchemaChange: String, Sendable, Hashable {
        /// New columns are dropped, removed ones become null.
        case ignore
        case fail
        /// New columns are added to the table; removed ones become null.
        case appendNewColumns = "append_new_columns"
    }

    public let strategy: Strategy
    /// The columns that name a row; needed but for `append`.
    public let uniqueKey: [String]
    public let onSchemaChange: OnSchemaChange

    public init(strategy: Strategy, uniqueKey: [String] = [], onSchemaChange: OnSchemaChange = .ignore) {
        self.strategy = strategy
        self.uniqueKey = uniqueKey
        self.onSchemaChange = onSchemaChange
    }
}

/// A column that a model promises to give.
public struct ContractColumn: Sendable, Hashable {
    public let name: String
    /// As SQL writes it, such as `DECIMAL(10,2)`.
    public let sqlType: String
    public let notNull: Bool

    public init(name: String, sqlType: String, notNull: Bool = false) {
        self.name = name
        self.sqlType = sqlType
        self.notNull = notNull
    }
}

/// One run of one model: everything that the warehouse needs to know.
public struct ModelRun: Sendable, Hashable {
    public let relation: RelationName
    /// One SELECT, templates already written out; what an incremental model's first build and its full refresh run.
    public let sql: String
    /// The SELECT that gives an incremental model's new rows, where its table is there already; nil where that is `sql`.
    public let incrementalSQL: String?
    public let method: BuildMethod
    public let fullRefresh: Bool
    /// The columns that must come out; nil where nothing is promised.
    public let contract: [ContractColumn]?
    /// What the model reads, for the versions of views.
    public let inputs: [RelationName]
    /// Names the run: a model is taken into account once a run, even if the run is repeated after a crash.
    public let runID: String

    public init(
        relation: RelationName, sql: String, incrementalSQL: String? = nil, method: BuildMethod,
        fullRefresh: Bool = false, contract: [ContractColumn]? = nil, inputs: [RelationName] = [], runID: String
    ) {
        self.relation = relation
        self.sql = sql
        self.incrementalSQL = incrementalSQL
        self.method = method
        self.fullRefresh = fullRefresh
        self.contract = contract
        self.inputs = inputs
        self.runID = runID
    }
}

extension ModelRun {
    /// The same run of another query.
    func running(_ sql: String) -> ModelRun {
        ModelRun(
            relation: relation, sql: sql, method: method, fullRefresh: fullRefresh, contract: contract, inputs: inputs,
            runID: runID)
    }
}

/// What a run or a load did.
public struct BuildOutcome: Sendable, Hashable {
    /// What the query or the files gave, and what the table took. Views have zeros.
    public let handOver: HandOver
    /// Rows of the table afterwards; nil for views.
    public let rowCount: Int64?
    /// The relation's version afterwards.
    public let version: Int64
    /// Whether an earlier attempt of the same run had done it already.
    public let repeated: Bool

    public init(handOver: HandOver, rowCount: Int64?, version: Int64, repeated: Bool = false) {
        self.handOver = handOver
        self.rowCount = rowCount
        self.version = version
        self.repeated = repeated
    }
}
