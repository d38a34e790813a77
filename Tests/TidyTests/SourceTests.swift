import Foundation
import Testing

@Suite(.enabled(if: Repository.here != nil, "needs git and a checkout"))
struct SourceTests {
    let repository: Repository
    init() throws { repository = try #require(Repository.here) }

    private func places(of pattern: String, in source: (path: String, text: SwiftText)) -> [(line: Int, text: String)] {
        let code = source.text.code(0..<source.text.code.count).split(separator: "\n", omittingEmptySubsequences: false)
        return code.enumerated().filter { $0.element.contains(pattern) }.map { ($0.offset + 1, String($0.element)) }
    }

    @Test func timeAndChanceArePassedIn() {
        var used: [String: Set<String>] = [:]
        for source in repository.sources {
            let allowed = TimeAndChance.allowed.first { $0.file == source.path }?.readings ?? []
            for reading in TimeAndChance.readings {
                for (line, text) in places(of: reading, in: source) {
                    // Randomness from a generator that was passed in, and defaults of parameters.
                    if text.contains("using: &") || text.contains(": any WallClock = SystemClock()") { continue }
                    if text.contains(": UInt64 = .random(in: 0 ... .max)") { continue }
                    if TimeAndChance.makers.contains(where: source.path.hasPrefix) { continue }
                    used[source.path, default: []].insert(reading)
                    #expect(
                        allowed.contains(reading),
                        """
                        \(source.path):\(line) reads \(reading) itself. Take a WallClock or a generator as a parameter, \
                        or have TimeAndChance.swift say why not.
                        """)
                }
            }
        }
        for entry in TimeAndChance.allowed {
            #expect(
                used[entry.file] == entry.readings, "the entry of \(entry.file) in TimeAndChance.swift is out of date")
        }
    }

    @Test(arguments: ["try!", "fatalError("])
    func failuresAreNotTraps(pattern: String) {
        for source in repository.sources {
            for (line, _) in places(of: pattern, in: source) {
                Issue.record("\(source.path):\(line) has `\(pattern)`: throw the room's error, or state a precondition")
            }
        }
    }

    @Test func nothingIsLeftForLater() throws {
        // In two parts, so that this file does not find itself.
        let marks = try Regex("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b")
        let kinds = [".swift", ".c", ".h", ".cpp", ".hpp", ".py", ".sql", ".sh"]
        for path in repository.files where kinds.contains(where: path.hasSuffix) || path.hasPrefix("scripts/") {
            for (index, line) in lines(of: path).enumerated() where line.contains(marks) {
                Issue.record("\(path):\(index + 1) leaves work for later: \(line)")
            }
        }
    }

    @Test func filesStayReadable() {
        for path in repository.files where path.hasSuffix(".swift") {
            let count = lines(of: path).count
            #expect(count <= 800, "\(path) has \(count) lines: one concept a file, 800 lines at the most")
        }
    }

    /// The first public type of a file is what the file is about.
    @Test func publicTypesSayWhatTheyAre() throws {
        let declaration = try Regex(
            "^((@[a-zA-Z]+(\\([^)]*\\))?|final|indirect) )*public ((final|indirect) )?(struct|class|enum|protocol|actor) "
        )
        for path in repository.files where path.hasPrefix("Sources/") && path.hasSuffix(".swift") {
            let lines = lines(of: path)
            guard let index = lines.firstIndex(where: { $0.contains(declaration) }) else { continue }
            var above = index - 1
            while above >= 0, lines[above].hasPrefix("@") || lines[above].hasPrefix("// ") { above -= 1 }
            #expect(
                above >= 0 && lines[above].hasPrefix("///"), "\(path):\(index + 1) lacks a doc comment: \(lines[index])"
            )
        }
    }

    /// `Module.Name` means two things to the compiler where a module has a type of its own name.
    @Test func noModuleHasATypeOfItsName() throws {
        let modules = Set(
            repository.sources.map { Repository.room(of: $0.path).split(separator: "/").last.map(String.init) })
        #expect(modules.count > 10)
        let declaration = /^\s*([a-z@]+ )*(struct|class|enum|protocol|actor|typealias) (?<name>\w+)/
        for source in repository.sources {
            for line in lines(of: source.path) {
                guard let name = line.firstMatch(of: declaration)?.output.name else { continue }
                #expect(!modules.contains(String(name)), "\(source.path) declares \(name), which is the name of a room")
            }
        }
    }

    private func lines(of path: String) -> [Substring] {
        (repository.text(path) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    }
}
