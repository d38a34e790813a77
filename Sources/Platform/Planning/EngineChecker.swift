internal import Base
internal import Columnar
internal import DuckDB
internal import Formats
internal import Foundation
internal import ProjectModel
internal import SQL
internal import Streaming
internal import Synchronization

/// Checks a project's SQL with the engines that will run it: streams with the binder of `SQL` and the stream compiler,
/// everything else with a DuckDB database of empty tables.
final class EngineChecker: SQLChecking, SchemaReading {
    private struct State {
        let connection: DuckDBConnection
        /// The tables that stand in the database for datasets.
        var tables: [DatasetName: Schema] = [:]
        var schemas: Set<String> = []
    }

    private let state: Mutex<State>
    private let project: Project

    init(project: Project) throws(DuckDBError) {
        self.project = project
        var configuration = DuckDBConfiguration()
        configuration.threads = 1
        let connection = try DuckDBDatabase(configuration: configuration).connect()
        state = Mutex(State(connection: connection))
    }

    // MARK: Models

    func check(_ model: ModelSQL, inputs: [DatasetName: Schema]) -> Result<CheckedSQL, SQLProblems> {
        if model.materialization == .stream { return checkStream(model, inputs) }
        return state.withLock { state in
            do {
                for (name, schema) in inputs { try Self.define(name, schema, in: &state) }
                let statement = try state.connection.prepare(model.sql.text)
                guard try Self.isSelect(statement, state.connection) else {
                    let words = model.sql.text.split(whereSeparator: \.isWhitespace).prefix(4).joined(separator: " ")
                    return Self.failure(
                        "a model is one SELECT", expected: "a query, such as `select` or `from`",
                        found: String(words.prefix(60)),
                        hint: "Write what the rows are, and let the platform decide where they go.")
                }
                return .success(CheckedSQL(outputSchema: try statement.schema))
            } catch {
                return .failure(SQLProblems([Self.problem(error)]))
            }
        }
    }

    /// Whether rows of the statement can be kept: `explain` and `show tables` give rows, too, but are no queries that a
    /// view or table could be made of.
    private static func isSelect(_ statement: DuckDBStatement, _ connection: DuckDBConnection) throws(DuckDBError)
        -> Bool
    {
        let first = firstWord(of: statement.sql)
        guard statement.isQuery, !["show", "describe", "desc", "summarize", "explain"].contains(first) else {
            return false
        }
        do throws(DuckDBError) {
            _ = try connection.prepare("create temp view \"gariep check\" as\n\(statement.sql)")
        } catch {
            if error.failure?.kind == .syntax { return false }
            throw error
        }
        return true
    }

    /// The first word of a statement in small letters, behind comments and parentheses.
    static func firstWord(of sql: String) -> String {
        var rest = sql[...]
        while let character = rest.first {
            if rest.hasPrefix("--") {
                rest = rest.drop { !$0.isNewline }
            } else if rest.hasPrefix("/*") {
                rest = rest.firstRange(of: "*/").map { rest[$0.upperBound...] } ?? ""
            } else if character.isWhitespace || character == "(" {
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        return rest.prefix { $0.isLetter }.lowercased()
    }

    /// Makes an empty table that has a dataset's columns.
    private static func define(_ name: DatasetName, _ schema: Schema, in state: inout State) throws(DuckDBError) {
        if state.tables[name] == schema { return }
        if let namespace = name.namespace, state.schemas.insert(namespace).inserted {
            try state.connection.execute("create schema if not exists \(SQLText.identifier(namespace))")
        }
        let columns = schema.fields.map { "\(SQLText.identifier($0.name)) \($0.type)" }.joined(separator: ", ")
        try state.connection.execute("create or replace table \(name.sql) (\(columns))")
        state.tables[name] = schema
    }

    private static func problem(_ error: any Error) -> ProjectModel.SQLProblem {
        guard let error = error as? DuckDBError else { return .init(message: "\(error)", hint: "Correct the query.") }
        let report = error.report
        return ProjectModel.SQLProblem(
            // The place is told in the model's own file, not in the composed text that DuckDB saw.
            message: error.failure?.message ?? report.message, expected: report.expected, found: report.found,
            hint: report.hint, position: error.failure?.position?.byteOffset)
    }

    private func checkStream(_ model: ModelSQL, _ inputs: [DatasetName: Schema]) -> Result<CheckedSQL, SQLProblems> {
        do throws(SQLError) {
            let plan = try bind(model.sql.text, inputs)
            let emission: EmitMode = model.config.emission == .final ? .final : .changes
            do {
                let shape = try StreamCompiler.check(plan, emit: emission)
                guard shape.insertOnly else {
                    return .failure(
                        SQLProblems([
                            .init(
                                message: "this stream would take back rows that its table has already",
                                expected: "rows that are only added", found: "groups that change as rows come",
                                hint:
                                    "Let it emit final rows over a window (`emit='final'`, `tumble(...)`), or make it a `table`."
                            )
                        ]))
                }
            } catch {
                let report =
                    (error as? any PlatformError)?.report
                    ?? ErrorReport(
                        code: "PLT-011", recovery: .changeProject, message: "\(error)", hint: "Correct the query.")
                return .failure(
                    SQLProblems([
                        .init(
                            message: report.message, expected: report.expected, found: report.found, hint: report.hint,
                            position: nil)
                    ]))
            }
            return .success(CheckedSQL(outputSchema: plan.schema))
        } catch {
            let problems = error.problems.map {
                ProjectModel.SQLProblem(
                    message: $0.message, expected: $0.expected, found: $0.found, hint: $0.hint, position: $0.position)
            }
            let report = error.report
            return .failure(
                SQLProblems(
                    problems.isEmpty
                        ? [.init(message: report.message, found: report.found, hint: report.hint)] : problems))
        }
    }

    /// A stream's SQL as a plan over these datasets.
    func bind(_ sql: String, _ inputs: [DatasetName: Schema]) throws(SQLError) -> RelationalPlan {
        var relations: [String: CatalogRelation] = [:]
        for (name, schema) in inputs {
            let topic = project.source(name)?.topic
            let isStream = topic != nil || project.model(name)?.config.materialized.value == .stream
            relations[name.description] = CatalogRelation(
                name: name.description, kind: isStream ? .stream : .table, schema: schema,
                eventTimeColumn: topic?.eventTime.flatMap { schema.index(of: $0.value) })
        }
        let binder = Binder(catalog: NamedRelations(relations))
        return try state.withLock { state throws(SQLError) in try binder.bind(sql, parsedBy: state.connection) }
    }

    // MARK: Sources

    func schema(of source: SourceDefinition) -> Result<Schema, SQLProblems> {
        switch source.connector {
        case .topic(let topic):
            guard let file = topic.schemaFile else {
                return Self.failure("the topic has no schema", hint: "Name an Avro schema file under `schema`.")
            }
            return Self.avroSchema(at: file.value).flatMap { schema in
                do throws(AvroError) { return .success(try schema.columnarSchema()) } catch {
                    return Self.failure(error.report.message, found: error.report.found, hint: error.report.hint)
                }
            }
        case .csv(let csv):
            let nulls = "[" + ([""] + csv.nullTexts).map(SQLText.literal).joined(separator: ", ") + "]"
            return describe(
                "from read_csv(\(SQLText.literal(csv.path.value)), delim = \(SQLText.literal(csv.delimiter)), nullstr = \(nulls), header = \(csv.hasHeader))"
            )
        case .parquet(let path): return describe("from read_parquet(\(SQLText.literal(path)))")
        case .json(let path): return describe("from read_json(\(SQLText.literal(path)))")
        case .warehouse(let schema, let table):
            return Self.failure(
                "the columns of \(schema).\(table) are not declared", hint: "List its columns with their `data_type`.")
        }
    }

    func schema(of seed: SeedDefinition, path: String) -> Result<Schema, SQLProblems> {
        describe("from read_csv(\(SQLText.literal(path)), delim = \(SQLText.literal(seed.delimiter)), header = true)")
    }

    private func describe(_ sql: String) -> Result<Schema, SQLProblems> {
        state.withLock { state in
            do { return .success(try state.connection.describe(sql)) } catch {
                return .failure(SQLProblems([Self.problem(error)]))
            }
        }
    }

    /// The Avro schema in a file.
    static func avroSchema(at path: String) -> Result<AvroSchema, SQLProblems> {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            return failure("the schema file \(path) cannot be read", hint: "Correct the path under `schema`.")
        }
        do throws(AvroError) { return .success(try AvroSchema(parsing: text)) } catch {
            return failure(
                error.report.message, expected: error.report.expected, found: error.report.found,
                hint: error.report.hint)
        }
    }

    private static func failure<Value>(
        _ message: String, expected: String? = nil, found: String? = nil, hint: String
    ) -> Result<Value, SQLProblems> {
        .failure(SQLProblems([.init(message: message, expected: expected, found: found, hint: hint)]))
    }
}
