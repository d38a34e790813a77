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
            do {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            } catch { throw CommandFailure.cannotMake(path: file.path, problem: Self.reason(error)) }
            Terminal.print("  \(name)/\(path)")
        }
        Terminal.note("next: cd \(name) && gariep up")
    }

    /// What the system says, without what Foundation puts around it.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        let number = underlying?.domain == NSPOSIXErrorDomain ? underlying.map { Int32($0.code) } : nil
        return number.map { unsafe String(cString: strerror($0)) } ?? error.localizedDescription
    }
}
