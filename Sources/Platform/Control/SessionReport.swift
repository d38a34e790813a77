/// What became of the models or tests of one `gariep run` or `gariep test`.
public struct SessionReport: Sendable, Codable {
    public struct Step: Sendable, Codable {
        public let name: String
        /// `passed`, `warned`, `failed` or `skipped`.
        public let outcome: String
        public let rows: Int64?
        public let micros: Int64
        public let problem: String?
    }

    public var steps: [Step] = []
    /// What was asked for and is nowhere.
    public var warnings: [String] = []

    public var passed: Int { steps.count { $0.outcome == "passed" } }
    public var warned: Int { steps.count { $0.outcome == "warned" } }
    public var failed: Int { steps.count { $0.outcome == "failed" } }
    public var skipped: Int { steps.count { $0.outcome == "skipped" } }
}
