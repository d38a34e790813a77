import Columnar
import Formats
import Foundation
import Testing

/// A folder for one test, removed afterwards.
@discardableResult
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("formats-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

/// Whether two batches have the same rows, their dictionaries resolved, and fields of the same names and types.
func sameRows(_ left: RecordBatch, _ right: RecordBatch) -> Bool {
    guard left.count == right.count, left.columns.count == right.columns.count else { return false }
    for index in left.columns.indices {
        let (mine, theirs) = (left.columns[index].withoutDictionaries(), right.columns[index].withoutDictionaries())
        guard left.schema[index].name == right.schema[index].name, mine.isEqual(to: theirs) else {
            print("column \(left.schema[index].name): \(mine.type) and \(theirs.type)")
            let row = (0..<mine.count).first { mine.type != theirs.type || !mine.isEqual($0, theirs, $0) }
            if let row { print("row \(row): \(mine.scalar(at: row)) and \(theirs.scalar(at: row))") }
            return false
        }
    }
    return true
}

/// The Python of the tests, with pyarrow and duckdb; nil, with a note, where bootstrap did not make it.
func testPython() -> String? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let python = root.appendingPathComponent(".deps/venv/bin/python").path
    if FileManager.default.isExecutableFile(atPath: python) { return python }
    print("skipped: \(python) is missing; scripts/bootstrap --tests makes it")
    return nil
}

/// Runs a Python program and gives what it printed.
func runPython(_ python: String, _ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", program] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text
}

extension BatchGenerator {
    /// Types that Arrow's Parquet can write.
    static let parquetLeaves = leafTypes.filter { $0 != .intervalMonthDayNano }
}
