public import Base

internal import FoundationEssentials

/// Why DuckDB refused or failed a statement, and where in its text.
public struct SQLFailure: Sendable, Hashable {
    /// What a caller would act on differently.
    public enum Kind: String, Sendable, Hashable {
        /// The text is not SQL.
        case syntax
        /// A column, type or argument is wrong.
        case binding
        /// A table, view, schema or function is missing, or already there.
        case catalog
        /// A value could not be cast.
        case conversion
        /// A number left its type's range.
        case outOfRange
        /// A NOT NULL, UNIQUE, PRIMARY KEY, CHECK or FOREIGN KEY constraint.
        case constraint
        /// Two transactions changed the same rows, or the transaction was aborted before.
        case transaction
        case outOfMemory
        /// No space on the disk, or the temporary folder's limit is reached.
        case diskFull
        case io
        /// `interrupt()` or a time limit stopped the statement.
        case interrupted
        case permission
        case unsupported
        /// The stored data is damaged.
        case corruption
        case other
    }

    /// A stretch of a statement's text.
    public struct Position: Sendable, Hashable {
        /// UTF-8 bytes before it.
        public let byteOffset: Int
        /// In UTF-8 bytes; 0 where DuckDB does not tell.
        public let byteCount: Int
        /// Line and column count from 1; columns count Unicode scalars.
        public let line: Int
        public let column: Int

        /// - Parameter byteOffset: within `sql`; beyond its end means its end.
        public init(byteOffset: Int, byteCount: Int = 0, in sql: String) {
            self.byteOffset = byteOffset
            self.byteCount = byteCount
            var (line, column) = (1, 1)
            for byte in sql.utf8.prefix(byteOffset) {
                if byte == 0x0a {
                    (line, column) = (line + 1, 1)
                } else if byte & 0xc0 != 0x80 {
                    column += 1
                }
            }
            (self.line, self.column) = (line, column)
        }
    }

    public let kind: Kind
    /// DuckDB's own words, without the position.
    public let message: String
    public let position: Position?
    /// Names that are near to a name that does not exist.
    public let candidates: [String]
    /// The unknown name, where that is the trouble.
    public let name: String?
    public let sql: String

    public init(
        kind: Kind, message: String, position: Position? = nil, candidates: [String] = [], name: String? = nil,
        sql: String
    ) {
        self.kind = kind
        self.message = message
        self.position = position
        self.candidates = candidates
        self.name = name
        self.sql = sql
    }

    /// Reads DuckDB's error, which is JSON under `errors_as_json` and plain text from the few places that ignore it.
    init(duckDBMessage text: String, sql: String) {
        let fields = SQLFailure.fields(of: text)
        var message = fields["exception_message"] ?? fields["error_message"] ?? text
        // An error that crossed a thread of DuckDB carries the inner error as JSON at its end.
        if let brace = message.firstIndex(of: "{"), message.hasSuffix("}"),
            let inner = SQLFailure.fields(of: String(message[brace...]))["exception_message"]
        {
            message = String(message[..<brace]) + inner
        }
        var position: Position?
        if let start = fields["position"].flatMap({ Int($0) }) {
            let numbers = fields["location"]?.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) } ?? []
            position = Position(byteOffset: start, byteCount: numbers.count == 2 ? numbers[1] : 0, in: sql)
        }
        let all =
            fields["candidates"].map { text in
                text.split(separator: ",").map { String($0.drop { $0 == " " }) }
            } ?? []
        let candidates = all.filter { !SQLFailure.isSystemName($0) }
        // DuckDB's own words name the system's tables where nothing else is near.
        if candidates.count < all.count, let guess = message.firstRange(of: "\nDid you mean") {
            message = String(message[..<guess.lowerBound])
        }
        let type = fields["exception_type"] ?? fields["error_type"] ?? String(text.prefix { $0 != ":" })
        self.init(
            kind: SQLFailure.kind(of: type, message: message), message: message, position: position,
            candidates: candidates, name: fields["name"], sql: sql)
    }

    /// Whether a name is one of DuckDB's own tables, or of those that a warehouse keeps for itself.
    private static func isSystemName(_ candidate: String) -> Bool {
        let name = candidate.filter { $0 != "\"" }.lowercased()
        return ["pg_", "duckdb_", "sqlite_", "information_schema.", "system.", "_gariep."].contains {
            name.hasPrefix($0) || name.contains(".\($0)")
        }
    }

    private static func fields(of text: String) -> [String: String] {
        // Preparing a statement puts words such as "Binder Error: " before the object.
        guard let brace = text.firstIndex(of: "{"), text.hasSuffix("}") else { return [:] }
        let object = try? JSONDecoder().decode([String: LenientText].self, from: Data(text[brace...].utf8))
        return object?.compactMapValues(\.text) ?? [:]
    }

    private static func kind(of type: String, message: String) -> Kind {
        if message.contains("No space left on device") || message.contains("max_temp_directory_size") {
            return .diskFull
        }
        return switch type.lowercased().prefix(while: { $0 != " " }) {
        case "parser", "syntax": .syntax
        case "binder", "mismatch", "invalid", "parameter", "expression": .binding
        case "catalog": .catalog
        case "conversion": .conversion
        case "constraint": .constraint
        case "transaction", "transactioncontext": .transaction
        case "io", "http": .io
        case "interrupt", "interrupted": .interrupted
        case "permission": .permission
        case "not": .unsupported
        case "out": type.lowercased().contains("memory") ? .outOfMemory : .outOfRange
        case "data": .corruption
        default: .other
        }
    }

    public var report: ErrorReport {
        let place = position.map { "SQL line \($0.line), column \($0.column): " } ?? ""
        let (number, recovery, hint): (String, Recovery, String) =
            switch kind {
            case .syntax: ("DDB-003", .changeProject, "Mend the SQL at that place.")
            case .binding, .catalog:
                (
                    "DDB-004", .changeProject,
                    candidates.isEmpty ? "Check names and types." : "Did you mean one of these?"
                )
            case .conversion, .outOfRange:
                ("DDB-005", .changeProject, "Use TRY_CAST, or a type that holds the value.")
            case .constraint: ("DDB-006", .repairData, "Find the rows that break the rule, and mend or filter them.")
            case .transaction: ("DDB-007", .retry, "Try again.")
            case .outOfMemory:
                ("DDB-008", .changeMachine, "Raise the memory budget, lower the threads, or select less at once.")
            case .diskFull: ("DDB-009", .changeMachine, "Free space on the disk of the data and temporary folders.")
            case .io, .permission: ("DDB-010", .changeMachine, "Check the path, its permissions, and the disk.")
            case .interrupted: ("DDB-016", .retry, "Ask for less, or allow more time.")
            case .unsupported: ("DDB-017", .changeProject, "Write the statement another way.")
            case .corruption: ("DDB-018", .repairData, "Restore the database, or rebuild its tables.")
            case .other: ("DDB-019", .changeProject, "Check the statement.")
            }
        return ErrorReport(
            code: number, recovery: recovery, message: place + message,
            expected: candidates.isEmpty ? nil : "one of " + candidates.joined(separator: ", "), found: name, hint: hint
        )
    }
}

/// A JSON value as text, where it is a scalar.
private struct LenientText: Decodable {
    let text: String?
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let string = try? value.decode(String.self) {
            text = string
        } else if let number = try? value.decode(Int64.self) {
            text = String(number)
        } else {
            text = nil
        }
    }
}
