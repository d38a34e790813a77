import EventLog
import Foundation
import Testing

@testable import KafkaServer

/// A server with a log in a folder of its own, on a free port.
func withServer<Result>(
    _ adjust: (inout KafkaService.Configuration) -> Void = { _ in },
    _ body: (KafkaService, DurableLog) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-kafka-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = try DurableLog.open(directory: folder)
    var configuration = KafkaService.Configuration()
    configuration.port = 0
    adjust(&configuration)
    let server = try await KafkaService.start(log: log, configuration: configuration)
    do {
        let result = try await body(server, log)
        try await server.shutdown()
        try log.close()
        return result
    } catch {
        try await server.shutdown()
        throw error
    }
}

/// Another program, with what it printed.
struct Finished {
    var status: Int32
    var output: String
    var errors: String
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Starts a program that ends by itself, or by `timeout`.
func run(_ program: String, _ arguments: [String], input: String = "", timeoutSeconds: Int = 30) async throws
    -> Finished
{
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["\(timeoutSeconds)", program] + arguments
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-run-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: nothing can fill up and block.
    let files = try ["in", "out", "err"].map { name in
        let url = folder.appendingPathComponent(name)
        try Data(name == "in" ? Array(input.utf8) : []).write(to: url)
        return url
    }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in ended.resume() }
        do { try process.run() } catch {
            process.terminationHandler = nil
            ended.resume(throwing: error)
        }
    }
    return Finished(
        status: process.terminationStatus, output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
}

/// Where kcat is; nil, with the reason printed, where it is missing.
func kcat() -> String? {
    for path in ["/usr/bin/kcat", "/usr/local/bin/kcat", "/opt/homebrew/bin/kcat", "/usr/bin/kafkacat"]
    where FileManager.default.isExecutableFile(atPath: path) {
        return path
    }
    print("skipped: kcat is not installed (Debian package kcat)")
    return nil
}

/// A Python with confluent-kafka; nil, with the reason printed, where there is none.
func confluentPython() async throws -> String? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    let named = ProcessInfo.processInfo.environment["GARIEP_PYTHON"]
    for path in [named, "\(root)/.deps/venv/bin/python"].compactMap({ $0 })
    where FileManager.default.isExecutableFile(atPath: path) {
        if try await run(path, ["-c", "import confluent_kafka"]).status == 0 { return path }
    }
    print("skipped: no Python with confluent-kafka in .deps/venv (or GARIEP_PYTHON)")
    return nil
}
