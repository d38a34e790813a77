import Foundation
import Testing

@Suite(.enabled(if: Repository.here != nil, "needs git and a checkout"))
struct DocumentTests {
    let repository: Repository
    init() throws { repository = try #require(Repository.here) }

    // MARK: The map

    /// Folders of `Sources/` that hold tracked files: `Base`, `Servers/KafkaServer`.
    private var rooms: Set<String> {
        Set(repository.files.filter { $0.hasPrefix("Sources/") }.map(Repository.room)).subtracting([""])
    }

    /// The table under `## The rooms`: a name or a pattern ending in `*`, and the cell of where to begin.
    private func map() throws -> [(name: String, begin: String)] {
        let text = try #require(repository.text("ARCHITECTURE.md"))
        let section = try #require(text.components(separatedBy: "\n## The rooms").dropFirst().first)
            .components(separatedBy: "\n## ")[0]
        return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return (cells[0].replacing("`", with: ""), cells.last ?? "")
        }
    }

    private static func matches(_ room: String, _ name: String) -> Bool {
        name.hasSuffix("*")
            ? room.hasPrefix(name.dropLast()) && room.dropFirst(name.count - 1).first?.isUppercase == true
            : room == name
    }

    @Test func everyRoomIsOnTheMap() throws {
        let map = try map()
        for room in rooms {
            #expect(map.contains { Self.matches(room, $0.name) }, "ARCHITECTURE.md does not name Sources/\(room)")
        }
        for (name, begin) in map {
            let matching = rooms.filter { Self.matches($0, name) }
            #expect(!matching.isEmpty, "ARCHITECTURE.md names \(name), which is not in Sources")
            for place in begin.split(separator: "`").map(String.init) where place.contains(".") || place.contains("/") {
                let isThere =
                    repository.contains("Sources/\(place)")
                    || repository.files.contains { file in
                        matching.contains { file.hasPrefix("Sources/\($0)/") } && "/\(file)".contains("/\(place)")
                    }
                #expect(isThere, "ARCHITECTURE.md says to begin \(name) at \(place), which is not there")
            }
        }
    }

    @Test func theManifestAndTheFoldersAgree() throws {
        let manifest = try #require(repository.text("Package.swift"))
        var named: Set<String> = ["gariep"]
        for match in manifest.matches(of: try Regex(#"Room\(\s*name: "(\w+)"(, path: "([\w/]+)")?"#)) {
            let path = match.output[3].substring ?? match.output[1].substring
            named.insert(path.map(String.init) ?? "")
        }
        let swiftRooms = rooms.filter { room in
            repository.files.contains { $0.hasPrefix("Sources/\(room)/") && $0.hasSuffix(".swift") }
        }
        #expect(named == swiftRooms)
    }

    // MARK: What a reader is told

    @Test func theReadmeShowsEveryCommand() throws {
        let readme = try #require(repository.text("README.md"))
        let root = try #require(repository.text("Sources/gariep/Gariep.swift"))
        let list = try #require(root.firstMatch(of: try Regex(#"subcommands: \[([^\]]*)\]"#))?.output[1].substring)
        let types = list.matches(of: try Regex(#"(\w+)\.self"#)).compactMap { $0.output[1].substring.map(String.init) }
        #expect(!types.isEmpty)
        let commands = repository.files.filter { $0.hasPrefix("Sources/gariep/") }.compactMap(repository.text)
        for type in types {
            let declaration = commands.compactMap { $0.components(separatedBy: "struct \(type):").dropFirst().first }
                .first
            let named = declaration?.firstMatch(of: try Regex(#"commandName: "([a-z-]+)""#))?.output[1].substring
            let name = named.map(String.init) ?? type.replacing("Command", with: "").lowercased()
            #expect(readme.contains("gariep \(name)"), "README.md does not mention `gariep \(name)`")
        }
    }

    @Test func theChangelogHasRoomForThisChange() throws {
        #expect(try #require(repository.text("CHANGELOG.md")).contains("\n## Unreleased\n"))
    }

    @Test func linksLeadSomewhere() throws {
        let link = try Regex(#"\]\(([^)#:]+)(#[^)]*)?\)"#)
        for path in repository.files where path.hasSuffix(".md") {
            let folder = path.split(separator: "/").dropLast().map { "\($0)/" }.joined()
            for match in (repository.text(path) ?? "").matches(of: link) {
                let target = String(match.output[1].substring ?? "")
                #expect(repository.contains(folder + target), "\(path) links to \(target), which is not there")
            }
        }
    }

    // MARK: What does not belong here

    @Test func nothingNamesADevelopersMachine() throws {
        // In two parts each, so that this file does not find itself.
        let folders = ["/" + "home/", "/" + "root/", "/" + "Users/", "/" + "work/"]
        let hosts = [
            "pypi" + ".org", "pythonhosted" + ".org", "crates" + ".io", "npmjs" + ".org", "maven" + ".org",
            "rubygems" + ".org", "deb.debian" + ".org", "security.debian" + ".org", "docker" + ".io", "ghcr" + ".io",
            "proxy.golang" + ".org", "index" + "-url", "artifac" + "tory",
        ]
        for path in repository.files {
            guard let text = repository.text(path) else { continue }
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                for folder in folders where line.contains(folder) {
                    Issue.record("\(path):\(index + 1) names a folder of somebody's machine: \(folder)")
                }
                for host in hosts where line.contains(host) {
                    Issue.record(
                        "\(path):\(index + 1) names a package registry, which is the machine's to choose: \(host)")
                }
            }
        }
    }

    @Test func scriptsStopAtTheirFirstFailure() {
        for path in repository.files {
            guard let lines = repository.text(path)?.split(separator: "\n"), let first = lines.first,
                first.hasPrefix("#!"), first.hasSuffix("sh")
            else { continue }
            #expect(
                lines.first { !$0.hasPrefix("#") } == "set -euo pipefail",
                "\(path) does not begin with set -euo pipefail")
            #expect(
                FileManager.default.isExecutableFile(atPath: "\(repository.root)/\(path)"), "\(path) is not executable")
        }
    }
}
