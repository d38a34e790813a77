public import Columnar

/// What a query may name: the datasets of a project.
public protocol Catalog: Sendable {
    /// - Parameter path: one to three parts, as written: `table`, `schema.table`, `catalog.schema.table`.
    func relation(named path: [String]) -> CatalogRelation?
    /// Every name that would be found, for suggestions.
    var relationNames: [String] { get }
}

public struct CatalogRelation: Sendable, Hashable {
    /// The dataset's name in the project, which scans carry.
    public let name: String
    public let kind: Scan.Kind
    public let schema: Schema
    /// The column that carries event time, by number, where the dataset declares one.
    public let eventTimeColumn: Int?

    public init(name: String, kind: Scan.Kind, schema: Schema, eventTimeColumn: Int? = nil) {
        self.name = name
        self.kind = kind
        self.schema = schema
        self.eventTimeColumn = eventTimeColumn
    }
}

/// A catalog that is a table of names; the case of letters does not count.
public struct NamedRelations: Catalog {
    private let relations: [String: CatalogRelation]

    /// - Parameter relations: by name as queries write it, parts joined with a point: `departures`, `nyc.airlines`.
    public init(_ relations: [String: CatalogRelation]) {
        self.relations = Dictionary(relations.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
    }

    /// The whole path, or its last two parts, or its last.
    public func relation(named path: [String]) -> CatalogRelation? {
        for count in stride(from: path.count, to: 0, by: -1) {
            if let relation = relations[path.suffix(count).joined(separator: ".").lowercased()] { return relation }
        }
        return nil
    }

    public var relationNames: [String] { relations.keys.sorted() }
}
