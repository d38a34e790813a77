public import Columnar

/// A model's SQL, ready to be checked.
public struct ModelSQL: Sendable {
    public let name: DatasetName
    public let materialization: Materialization
    /// With ephemeral models put in front.
    public let sql: RenderedSQL
    public let config: ModelConfig
    /// Whether this is the SQL of a later run, which may read the model itself.
    public let isIncrementalRun: Bool
}

/// What a check found to be right.
public struct CheckedSQL: Sendable {
    public let outputSchema: Schema
    /// Not wrong, but worth saying.
    public let warnings: [SQLProblem]

    public init(outputSchema: Schema, warnings: [SQLProblem] = []) {
        self.outputSchema = outputSchema
        self.warnings = warnings
    }
}

/// One mistake in SQL.
public struct SQLProblem: Sendable, Hashable {
    public let message: String
    public let expected: String?
    public let found: String?
    public let hint: String
    /// UTF-8 offset in the rendered SQL; nil when the engine does not say.
    public let position: Int?

    public init(message: String, expected: String? = nil, found: String? = nil, hint: String, position: Int? = nil) {
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint
        self.position = position
    }
}

/// Several mistakes in one SQL text.
public struct SQLProblems: Error, Sendable {
    public let problems: [SQLProblem]
    public init(_ problems: [SQLProblem]) { self.problems = problems }
}

/// Checks SQL against the schemas of what it reads, without running it. An engine implements this.
public protocol SQLChecking: Sendable {
    /// - Parameter inputs: the schema of each dataset that the SQL may name, by `DatasetName.sql`.
    func check(_ model: ModelSQL, inputs: [DatasetName: Schema]) -> Result<CheckedSQL, SQLProblems>
}

/// Finds the schemas of what the project reads and does not describe in full: an Avro file's, a CSV file's.
public protocol SchemaReading: Sendable {
    func schema(of source: SourceDefinition) -> Result<Schema, SQLProblems>
    /// - Parameter path: where the machine finds the seed's file.
    func schema(of seed: SeedDefinition, path: String) -> Result<Schema, SQLProblems>
}
