import Columnar
import Foundation
import Synchronization

@testable import ProjectModel

/// The folder of golden files, in the sources.
let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens").path

/// A folder of its own for one test, removed when the value goes.
final class TemporaryFolder: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to file: String) throws {
        let url = URL(fileURLWithPath: path).appendingPathComponent(file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}

/// Stands for an engine: knows what it is told about outputs, and dislikes the word BROKEN.
struct ScriptedChecker: SQLChecking {
    var outputs: [String: [Field]] = [:]

    func check(_ model: ModelSQL, inputs: [DatasetName: Schema]) -> Result<CheckedSQL, SQLProblems> {
        var problems: [SQLProblem] = []
        var offset = 0
        for word in model.sql.text.split(separator: "BROKEN", omittingEmptySubsequences: false).dropLast() {
            offset += word.utf8.count
            problems.append(
                SQLProblem(
                    message: "a word that does not work", found: "BROKEN", hint: "Use another.", position: offset))
            offset += "BROKEN".utf8.count
        }
        if !problems.isEmpty { return .failure(SQLProblems(problems)) }
        if let fields = outputs[model.name.name + (model.isIncrementalRun ? "+" : "")] {
            return .success(CheckedSQL(outputSchema: Schema(fields)))
        }
        var seen: Set<String> = []
        let fields = inputs.sorted { $0.key < $1.key }.flatMap(\.value.fields).filter { seen.insert($0.name).inserted }
        return .success(CheckedSQL(outputSchema: Schema(fields)))
    }
}
