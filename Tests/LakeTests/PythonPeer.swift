import Foundation

/// The `deltalake` package for Python, which shares no code with this repository.
enum PythonPeer {
    static let python = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent(".deps/venv/bin/python").path

    /// Whether it is there; says so if not.
    static let isThere: Bool = {
        if FileManager.default.isExecutableFile(atPath: python) { return true }
        print("skipped: \(python) is missing; scripts/bootstrap brings it")
        return false
    }()

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Runs a program and gives what it printed.
    static func run(_ program: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        // Ends without taking the interpreter down, during which native threads of a package may still run.
        process.arguments = ["-c", program + "\nimport os\nsys.stdout.flush()\nos._exit(0)\n"] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: String(decoding: complaints, as: UTF8.self))
        }
        return String(decoding: printed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
