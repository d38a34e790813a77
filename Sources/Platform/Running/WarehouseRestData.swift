internal import Base
internal import Columnar
internal import Dispatch
internal import DuckDB
internal import HTTPServer
internal import ProjectModel
internal import Synchronization
internal import Warehouse

/// The REST API's rows, from the warehouse.
final class WarehouseRestData: RestData {
    private let engine: any WarehouseEngine
    /// Endpoint's name to what it reads.
    private let relations: [String: RelationName]
    private let idle = Mutex<[any WarehouseReader]>([])

    /// A request that takes longer is a request for too much.
    private static let timeoutMicros: Int64 = 30_000_000
    /// A page of wider rows ends after about this much, whatever `limit` says.
    private static let pageBytesMax = 16 << 20
    /// As many statements at once; more only have less memory each.
    private let turns = DispatchSemaphore(value: 2)
    /// A statement that finds the memory taken by a model's build or another page is tried so often.
    private static let attempts = 4

    init(engine: any WarehouseEngine, relations: [String: RelationName]) {
        self.engine = engine
        self.relations = relations
    }

    func version(of endpoint: RestEndpoint) throws -> String? {
        guard let relation = relations[endpoint.name] else { return nil }
        return try engine.version(of: relation).map { String($0, radix: 36) }
    }

    func rows(_ sql: String, parameters: [Scalar]) throws -> RestRows {
        turns.wait()
        defer { turns.signal() }
        let reader = try idle.withLock { $0.popLast() } ?? engine.openReader()
        defer { idle.withLock { $0.append(reader) } }
        let limits = QueryLimits(timeoutMicros: Self.timeoutMicros, bytesMax: Self.pageBytesMax)
        var attempt = 1
        while true {
            do {
                let answer = try reader.query(sql, parameters: parameters, limits: limits)
                return RestRows(batches: answer.batches, isCut: answer.truncated)
            } catch {
                guard case .failed(_, let cause) = error, cause.failure?.kind == .outOfMemory,
                    attempt < Self.attempts
                else { throw error }
                FileSystem.sleep(micros: Int64(attempt) * 100_000)
                attempt += 1
            }
        }
    }

    /// The project's endpoints as the server wants them, with the columns that may be seen.
    static func endpoints(_ sound: SoundProject) -> (endpoints: [RestEndpoint], relations: [String: RelationName]) {
        var relations: [String: RelationName] = [:]
        let endpoints = sound.project.endpoints.compactMap { definition -> RestEndpoint? in
            let relation = ProjectWarehouse.relation(definition.from.value)
            guard let full = sound.plan[definition.from.value]?.schema else { return nil }
            let visible = Set(definition.columns.map(\.value))
            let schema = Schema(full.fields.filter { visible.isEmpty || visible.contains($0.name) })
            relations[definition.name.value] = relation
            var descriptions: [String: String] = [:]
            for column in sound.project.model(definition.from.value)?.columns ?? [] where !column.description.isEmpty {
                descriptions[column.name.value] = column.description
            }
            return RestEndpoint(
                name: definition.name.value, path: definition.path, summary: definition.description,
                relation: relation.sql,
                schema: schema, key: definition.key.map(\.value),
                defaultOrder: definition.defaultOrder.map { RestOrder($0.column.value, descending: $0.descending) },
                filterable: definition.filters.map { Set($0.map(\.value)) }, pageSize: definition.pageSize,
                pageSizeMax: definition.pageSizeMax,
                isStored: sound.project.model(definition.from.value)?.config.materialized.value != .view,
                columnDescriptions: descriptions)
        }
        return (endpoints, relations)
    }
}
