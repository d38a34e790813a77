import Foundation
import Testing

/// The files of this checkout: what git has, and what is new and not ignored.
struct Repository: Sendable {
    /// The checkout's folder.
    let root: String
    /// Paths relative to the root, sorted.
    let files: [String]

    /// nil where git is missing or the folder is no checkout of it, such as an unpacked archive.
    static let here: Repository? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        guard let listed = git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], in: root) else {
            return nil
        }
        let files = listed.split(separator: "\0").map(String.init)
            .filter { FileManager.default.fileExists(atPath: "\(root)/\($0)") }
        return Repository(root: root, files: Set(files).sorted())
    }()

    private static func git(_ arguments: [String], in folder: String) -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", folder] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return nil }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: bytes, as: UTF8.self) : nil
    }

    func contains(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

    /// - Returns: nil where the file is not there or not UTF-8 text.
    func text(_ path: String) -> String? { try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }

    func write(_ text: String, to path: String) throws {
        let file = URL(fileURLWithPath: "\(root)/\(path)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// The Swift files of `Sources/`, each with its text taken apart.
    var sources: [(path: String, text: SwiftText)] {
        files.filter { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") }
            .compactMap { path in text(path).map { (path, SwiftText($0)) } }
    }

    /// The folder of `Sources/` that a file belongs to: `Base`, `Servers/KafkaServer`.
    static func room(of path: String) -> String {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2, parts[0] == "Sources" else { return "" }
        return parts[1] == "Servers" ? "Servers/\(parts[2])" : parts[1]
    }
}

extension Repository: CustomTestStringConvertible {
    /// Without the list of all files, which a failed expectation would print.
    var testDescription: String { "the checkout" }
}
