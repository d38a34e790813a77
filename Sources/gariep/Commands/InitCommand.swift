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
            try Self.makeFolder(file.deletingLastPathComponent().path)
            do { try Data(text.utf8).write(to: file) } catch {
                throw CommandFailure.cannotMake(path: file.path, problem: error.localizedDescription)
            }
            Terminal.print("  \(name)/\(path)")
        }
        Terminal.note("next: cd \(name) && gariep up")
    }

    /// Makes a folder and those above it. Foundation's own errors hide what the system says.
    private static func makeFolder(_ path: String) throws {
        var folder = ""
        for part in path.split(separator: "/") {
            folder += "/\(part)"
            if unsafe mkdir(folder, 0o777) != 0, errno != EEXIST {
                throw CommandFailure.cannotMake(path: folder, problem: unsafe String(cString: strerror(errno)))
            }
        }
    }
}
