internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new project that works.",
        discussion: "  gariep init shop && cd shop && gariep up")

    @Argument(help: "The project's name, and its folder's.")
    var name: String

    func run() async throws {
        let folder = URL(fileURLWithPath: name).standardizedFileURL
        if let content = try? FileManager.default.contentsOfDirectory(atPath: folder.path), !content.isEmpty {
            throw CommandFailure.folderExists(folder.path)
        }
        for (path, text) in ProjectPlanner.scaffold(name: folder.lastPathComponent) {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            Terminal.print("  \(name)/\(path)")
        }
        Terminal.note("next: cd \(name) && gariep up")
    }
}
