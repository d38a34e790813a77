import Foundation
import Testing

/// The built program, run as a user runs it.
final class GariepProcess {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static var python: String { root.appendingPathComponent(".deps/venv/bin/python").path }

    /// Beside the test bundle, wherever this build was made.
    static var program: String {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appendingPathComponent("gariep").path
            var isFolder: ObjCBool = false
            if unsafe FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return root.appendingPathComponent(".build/debug/gariep").path
    }

    let process = Process()
    private let output: URL

    /// - Parameters:
    ///   - arguments: the command and its flags.
    ///   - cage: what limits its memory.
    init(_ arguments: [String], in folder: URL, cage: MemoryCage? = nil) throws {
        output = folder.appendingPathComponent("output-\(UUID().uuidString).txt")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        let launcher = cage?.launcher
        process.executableURL = URL(fileURLWithPath: launcher?.program ?? Self.program)
        process.arguments = launcher.map { $0.arguments + [Self.program] + arguments } ?? arguments
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }

    var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    var isRunning: Bool { process.isRunning }
    func kill(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    /// Waits for the end, and kills what does not end in time.
    @discardableResult
    func wait(seconds: Double) -> Int32? {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { usleep(20_000) }
        guard !process.isRunning else {
            kill(SIGKILL)
            process.waitUntilExit()
            return nil
        }
        return process.terminationStatus
    }

    /// Runs a program to its end and gives what it printed.
    static func run(_ program: String, _ arguments: [String], seconds: Double = 300) throws -> (
        status: Int32?, output: String
    ) {
        let process = Process()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString).txt")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { usleep(10_000) }
        let late = process.isRunning
        if late {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        return (late ? nil : process.terminationStatus, (try? String(contentsOf: file, encoding: .utf8)) ?? "")
    }
}

/// A folder that is removed at the end.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    var path: String { url.path }
}
