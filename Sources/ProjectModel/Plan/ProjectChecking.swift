internal import Base
internal import Columnar

/// One check: schemas found so far, and mistakes.
struct ProjectChecking {
    let project: Project
    let sql: any SQLChecking
    let schemas: (any SchemaReading)?
    let diagnostics = Diagnostics()
    private(set) var known: [DatasetName: Schema] = [:]
    private(set) var warnings: [ErrorReport] = []

    init(project: Project, sql: any SQLChecking, schemas: (any SchemaReading)?) {
        self.project = project
        self.sql = sql
        self.schemas = schemas
    }

    mutating func run() {
        for name in project.graph.order {
            if let source = project.source(name) {
                known[name] = schema(of: source)
            } else if let seed = project.seed(name) {
                known[name] = schema(of: seed)
            } else if let model = project.model(name) {
                check(model)
            } else if let node = project.graph.nodes[name], let parent = node.reads.first {
                // Late rows and lake tables have the stream's columns, an endpoint those of its model.
                switch node.kind {
                case .lakeTable, .lateTopic, .endpoint: known[name] = known[parent.value]
                default: known[name] = Self.deadLetterSchema
                }
            }
        }
        for test in project.singularTests { check(test) }
        for test in project.columnTests { checkTarget(of: test) }
        for endpoint in project.endpoints { check(endpoint) }
    }

    /// What a dead letter says of its record.
    private static let deadLetterSchema = Schema([
        Field("partition", .int32, nullable: false), Field("offset", .int64, nullable: false),
        Field("key", .binary), Field("value", .binary), Field("cause", .utf8, nullable: false),
    ])

    // MARK: Sources and seeds

    private func declared(_ columns: [ColumnDefinition]) -> Schema? {
        guard !columns.isEmpty else { return nil }
        var fields: [Field] = []
        for column in columns {
            guard let type = column.dataType?.value else { return nil }
            let isRequired = column.tests.contains { $0.kind == .notNull }
            fields.append(Field(column.name.value, type, nullable: !isRequired))
        }
        return Schema(fields)
    }

    private mutating func schema(of source: SourceDefinition) -> Schema? {
        // An Avro topic's schema is its file; columns in YAML only describe it.
        let isAvro = source.topic?.format == .avro
        var schema = isAvro ? nil : declared(source.columns)
        if schema == nil {
            switch schemas?.schema(of: source) {
            case .success(let found)?: schema = found
            case .failure(let failure)?:
                let place = source.topic?.schemaFile?.location ?? source.location
                for problem in failure.problems { report(problem, at: place) }
            case nil:
                diagnostics.add(
                    .missingKey(
                        source.location, key: "data_type", within: "the columns of \(source.name)",
                        hint: "Give every column its `data_type`."))
            }
        }
        guard let schema else { return nil }
        checkDescribed(source.columns, schema, of: source.name)
        if let topic = source.topic { check(topic, schema, of: source.name) }
        return schema
    }

    private func check(_ topic: TopicSource, _ schema: Schema, of name: DatasetName) {
        require(topic.key, in: schema, of: name, usedBy: "`key`")
        guard let time = topic.eventTime, require(time, in: schema, of: name, usedBy: "`event_time`") else { return }
        switch schema.field(named: time.value)?.type {
        case .timestamp?, .date32?, .date64?, nil: break
        case let type?:
            diagnostics.add(
                .badValue(
                    time.location, what: "`event_time` is not a time", expected: "a timestamp",
                    found: "\(time.value) \(type)",
                    hint: "Name the column that says when the event happened."))
        }
    }

    private mutating func schema(of seed: SeedDefinition) -> Schema? {
        var schema = declared(seed.columns)
        if schema == nil, let schemas {
            switch schemas.schema(of: seed, path: "\(project.directory)/\(seed.file)") {
            case .success(let found): schema = found
            case .failure(let failure):
                for problem in failure.problems { report(problem, at: SourceLocation(file: seed.file)) }
            }
        }
        if let schema {
            checkDescribed(seed.columns, schema, of: seed.name)
        }
        return schema
    }

    // MARK: Models

    private mutating func check(_ model: ModelDefinition) {
        checkInputs(of: model)
        let reads = project.physicalReads(model)
        var inputs: [DatasetName: Schema] = [:]
        for read in reads {
            // With an input unknown, an error here would only repeat the one there.
            guard let schema = known[read] else { return }
            inputs[read] = schema
        }
        guard let schema = check(model, incremental: false, inputs) else { return }
        known[model.name] = schema
        if model.incrementalSQL != nil {
            inputs[model.name] = schema
            if let later = check(model, incremental: true, inputs) { compare(later, with: schema, of: model) }
        }
        checkDescribed(model.columns, schema, of: model.name)
        if model.config.isContractEnforced { checkContract(model, schema) }
        for column in model.config.uniqueKey { require(column, in: schema, of: model.name, usedBy: "`unique_key`") }
        for column in model.config.partitionBy { require(column, in: schema, of: model.name, usedBy: "`partition_by`") }
    }

    private mutating func check(
        _ model: ModelDefinition, incremental: Bool, _ inputs: [DatasetName: Schema]
    ) -> Schema? {
        let rendered = project.composed(model, incremental: incremental)
        let text = ModelSQL(
            name: model.name, materialization: model.config.materialized.value, sql: rendered, config: model.config,
            isIncrementalRun: incremental)
        switch sql.check(text, inputs: inputs) {
        case .success(let checked):
            for warning in checked.warnings {
                warnings.append(Self.report(warning, rendered, model.file).report)
            }
            return checked.outputSchema
        case .failure(let failure):
            for problem in failure.problems { diagnostics.add(Self.report(problem, rendered, model.file)) }
            return nil
        }
    }

    private static func report(_ problem: SQLProblem, _ rendered: RenderedSQL, _ file: String) -> ProjectError {
        let place = problem.position.flatMap { rendered.sourceMap.location(utf8Offset: $0) }
        return .sqlProblem(
            place ?? SourceLocation(file: file), message: problem.message, expected: problem.expected,
            found: problem.found, hint: problem.hint)
    }

    private func report(_ problem: SQLProblem, at place: SourceLocation) {
        diagnostics.add(
            .sqlProblem(
                place, message: problem.message, expected: problem.expected, found: problem.found, hint: problem.hint))
    }

    private mutating func check(_ test: SingularTest) {
        var inputs: [DatasetName: Schema] = [:]
        for read in test.reads {
            guard let schema = known[read.value] else { return }
            inputs[read.value] = schema
        }
        let rendered = project.composed(test)
        let config = ModelConfig(materialized: Located(.view, SourceLocation(file: test.file)))
        let text = ModelSQL(
            name: DatasetName(test.name), materialization: .view, sql: rendered, config: config, isIncrementalRun: false
        )
        switch sql.check(text, inputs: inputs) {
        case .success(let checked):
            for warning in checked.warnings { warnings.append(Self.report(warning, rendered, test.file).report) }
        case .failure(let failure):
            for problem in failure.problems { diagnostics.add(Self.report(problem, rendered, test.file)) }
        }
    }

    /// What an engine can read: streams read topics, streams and tables; the warehouse reads no topic.
    private func checkInputs(of model: ModelDefinition) {
        let isStream = model.config.materialized.value == .stream
        // An ephemeral model is judged where it is used.
        if model.config.materialized.value == .ephemeral { return }
        var hasMoving = false
        for name in project.physicalReads(model) {
            guard let kind = project.graph.nodes[name]?.kind else { continue }
            let place = model.reads.first { $0.value == name }?.location ?? SourceLocation(file: model.file)
            switch kind {
            case .topic where isStream, .model(.stream) where isStream: hasMoving = true
            case .topic:
                diagnostics.add(
                    .wrongInput(
                        place, message: "a \(model.config.materialized.value.rawValue) cannot read a topic",
                        expected: "a table or a stream", found: "the topic \(name)",
                        hint: "Put a model with `materialized='stream'` between them, or make this one a stream."))
            case .model(.view) where isStream, .model(.materializedView) where isStream:
                diagnostics.add(
                    .wrongInput(
                        place, message: "a stream cannot read a view", expected: "a topic, a stream or a table",
                        found: name.description, hint: "Make \(name) a table, or an ephemeral model."))
            default: break
            }
        }
        if isStream, !hasMoving, !project.physicalReads(model).isEmpty {
            diagnostics.add(
                .wrongInput(
                    model.config.materialized.location, message: "the stream \(model.name) reads nothing that moves",
                    expected: "at least one topic or stream", found: "tables only",
                    hint: "Use `materialized='table'`, or read a topic."))
        }
    }

    /// A later run adds to the table, so its columns must fit.
    private func compare(_ later: Schema, with first: Schema, of model: ModelDefinition) {
        for field in first.fields {
            let found = later.field(named: field.name)
            guard found?.type != field.type else { continue }
            diagnostics.add(
                .contractBroken(
                    model.config.materialized.location, column: field.name, dataset: model.name.description,
                    expected: "\(field.type), as in the first run",
                    found: found.map { "\($0.type) in later runs" } ?? "nothing in later runs"))
        }
    }

    // MARK: Columns

    @discardableResult
    private func require(
        _ column: Located<String>?, in schema: Schema, of dataset: DatasetName, usedBy: String
    ) -> Bool {
        guard let column, schema.field(named: column.value) == nil else { return true }
        diagnostics.add(
            .missingColumn(
                column.location, column: column.value, dataset: dataset.description, usedBy: usedBy,
                known: schema.fields.map(\.name)))
        return false
    }

    private func checkDescribed(_ columns: [ColumnDefinition], _ schema: Schema, of dataset: DatasetName) {
        for column in columns {
            guard require(column.name, in: schema, of: dataset, usedBy: "the description"),
                let type = column.dataType, let field = schema.field(named: column.name.value), field.type != type.value
            else { continue }
            diagnostics.add(
                .contractBroken(
                    type.location, column: field.name, dataset: dataset.description, expected: "\(type.value)",
                    found: "\(field.type)"))
        }
    }

    /// An enforced contract names every column.
    private func checkContract(_ model: ModelDefinition, _ schema: Schema) {
        let described = Set(model.columns.map(\.name.value))
        for field in schema.fields where !described.contains(field.name) {
            diagnostics.add(
                .contractBroken(
                    model.config.materialized.location, column: field.name, dataset: model.name.description,
                    expected: "a column of the contract", found: "\(field.name) \(field.type), which it does not name"))
        }
    }

    private func checkTarget(of test: ColumnTest) {
        guard case .relationships(let target, let field) = test.kind, let schema = known[target] else { return }
        require(field, in: schema, of: target, usedBy: "the test `relationships`")
    }

    // MARK: Endpoints

    private func check(_ endpoint: EndpointDefinition) {
        let from = endpoint.from.value
        switch project.graph.nodes[from]?.kind {
        case .topic?:
            diagnostics.add(
                .wrongInput(
                    endpoint.from.location, message: "an endpoint cannot serve a topic",
                    expected: "a model, a seed or a table",
                    found: "the topic \(from)", hint: "Serve a stream that reads the topic."))
        case .model(.ephemeral)?:
            diagnostics.add(
                .wrongInput(
                    endpoint.from.location, message: "an endpoint cannot serve an ephemeral model",
                    expected: "a model that is kept", found: from.description, hint: "Make it a view or a table."))
        default: break
        }
        guard let schema = known[from] else { return }
        let visible = Set(endpoint.columns.map(\.value))
        for column in endpoint.key { require(column, in: schema, of: from, usedBy: "`key`") }
        for column in endpoint.columns { require(column, in: schema, of: from, usedBy: "`columns`") }
        for column in endpoint.filters ?? [] { require(column, in: schema, of: from, usedBy: "`filters`") }
        for term in endpoint.defaultOrder { require(term.column, in: schema, of: from, usedBy: "`default_order`") }
        guard !visible.isEmpty else { return }
        for column in endpoint.key where !visible.contains(column.value) && schema.field(named: column.value) != nil {
            diagnostics.add(
                .badValue(
                    column.location, what: "a column of the key is not among `columns`",
                    expected: "columns with \(column.value)",
                    found: endpoint.columns.map(\.value).joined(separator: ", "),
                    hint: "Add it: a client needs the key to page."))
        }
    }
}
