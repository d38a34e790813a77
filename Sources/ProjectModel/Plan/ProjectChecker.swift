public import Base

/// Checks a whole project before anything runs, and says what would run.
public struct ProjectChecker: Sendable {
    private let sql: any SQLChecking
    private let schemas: (any SchemaReading)?

    /// - Parameter schemas: asked where YAML does not give every column's type; nil reports those as mistakes.
    public init(sql: any SQLChecking, schemas: (any SchemaReading)? = nil) {
        self.sql = sql
        self.schemas = schemas
    }

    /// - Parameter loadErrors: what `ProjectLoader` reported; the plan holds them with its own.
    public func check(_ project: Project, loadErrors: [ErrorReport] = []) -> ProjectPlan {
        var checking = ProjectChecking(project: project, sql: sql, schemas: schemas)
        checking.run()
        let datasets = project.graph.order.compactMap { name -> ProjectPlan.Dataset? in
            guard let node = project.graph.nodes[name] else { return nil }
            return ProjectPlan.Dataset(
                name: name, kind: node.kind, engine: Self.engine(of: node.kind), schema: checking.known[name],
                freshness: project.model(name)?.config.freshness ?? project.source(name)?.freshness,
                inputs: project.graph.parents(of: name), location: node.location)
        }
        return ProjectPlan(
            datasets: datasets, errors: Diagnostics.sorted(loadErrors + checking.diagnostics.reports),
            warnings: Diagnostics.sorted(checking.warnings))
    }

    private static func engine(of kind: DatasetKind) -> ProjectPlan.Engine {
        switch kind {
        case .sourceTable, .seed: .files
        case .topic, .lateTopic, .deadLetterTopic: .log
        case .lakeTable: .lake
        case .endpoint: .http
        case .model(.stream): .stream
        case .model: .warehouse
        }
    }
}
