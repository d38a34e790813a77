/// The names of the log's files. Source: Delta Transaction Log Protocol, "Delta Log Entries", "Checkpoints".
struct LogNames: Sendable {
    /// The table's folder in its store; empty for the whole store.
    let table: String

    var folder: String { table.isEmpty ? "_delta_log" : "\(table)/_delta_log" }
    var lastCheckpoint: String { "\(folder)/_last_checkpoint" }
    func commit(_ version: Int64) -> String { "\(folder)/\(Self.padded(version)).json" }
    func checkpoint(_ version: Int64) -> String { "\(folder)/\(Self.padded(version)).checkpoint.parquet" }
    /// A path such that everything of `version` and later comes after it.
    func before(_ version: Int64) -> String { "\(folder)/\(Self.padded(version))" }

    static func padded(_ number: Int64, width: Int = 20) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    enum Kind: Hashable {
        case commit(Int64)
        case checkpoint(Int64, part: Int, parts: Int)
        case other
    }

    /// What a file of the log is, by its path.
    func kind(_ path: String) -> Kind {
        guard path.hasPrefix(folder + "/") else { return .other }
        let pieces = path.dropFirst(folder.count + 1).split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count >= 2, pieces[0].utf8.count == 20, let version = Int64(pieces[0]), version >= 0 else {
            return .other
        }
        if pieces.count == 2, pieces[1] == "json" { return .commit(version) }
        guard pieces[1] == "checkpoint", pieces.last == "parquet" else { return .other }
        if pieces.count == 3 { return .checkpoint(version, part: 1, parts: 1) }
        guard pieces.count == 5, let part = Int(pieces[2]), let parts = Int(pieces[3]), parts > 0,
            (1...parts).contains(part)
        else { return .other }
        return .checkpoint(version, part: part, parts: parts)
    }
}
