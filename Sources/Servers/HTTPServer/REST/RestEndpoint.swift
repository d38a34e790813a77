public import Columnar

/// One dataset behind one path.
public struct RestEndpoint: Sendable {
    public let name: String
    /// Like `/v1/delays`; the first part is the version.
    public let path: String
    public let summary: String
    /// The relation's name in SQL, quoted where it must be.
    public let relation: String
    /// What callers may ask for; the relation may have more.
    public let schema: Schema
    /// Columns that together are unique; they end every order, so that pages never overlap.
    public let key: [String]
    public let defaultOrder: [RestOrder]
    /// The columns that filters may name; nil for all.
    public let filterable: Set<String>?
    public let pageSize: Int
    public let pageSizeMax: Int
    /// Whether the relation's rows are kept, so that reading it twice costs little and gives the same.
    public let isStored: Bool
    /// What each column means.
    public let columnDescriptions: [String: String]

    public init(
        name: String, path: String, summary: String, relation: String, schema: Schema, key: [String],
        defaultOrder: [RestOrder] = [], filterable: Set<String>? = nil, pageSize: Int = 100, pageSizeMax: Int = 1000,
        isStored: Bool = false, columnDescriptions: [String: String] = [:]
    ) {
        precondition(!key.isEmpty && key.allSatisfy { schema.index(of: $0) != nil }, "a key of the schema's columns")
        self.name = name
        self.path = path
        self.summary = summary
        self.relation = relation
        self.schema = schema
        self.key = key
        self.defaultOrder = defaultOrder
        self.filterable = filterable
        self.pageSize = pageSize
        self.pageSizeMax = pageSizeMax
        self.isStored = isStored
        self.columnDescriptions = columnDescriptions
    }
}

/// One column of an order; nulls come last both ways.
public struct RestOrder: Sendable, Hashable {
    public let column: String
    public let descending: Bool
    public init(_ column: String, descending: Bool = false) { (self.column, self.descending) = (column, descending) }
}

/// Where the rows come from. The Platform implements it over the warehouse.
public protocol RestData: Sendable {
    /// A text that changes whenever the rows of the endpoint's relation do; nil while nobody knows.
    func version(of endpoint: RestEndpoint) throws -> String?
    /// - Parameter parameters: for `?` in the SQL, in order.
    func rows(_ sql: String, parameters: [Scalar]) throws -> RestRows
}

/// The first rows of a statement, in its order.
public struct RestRows: Sendable {
    public let batches: [RecordBatch]
    /// Whether rows were left out because those before them are as much as an answer may hold.
    public let isCut: Bool
    public init(batches: [RecordBatch], isCut: Bool = false) { (self.batches, self.isCut) = (batches, isCut) }
}
