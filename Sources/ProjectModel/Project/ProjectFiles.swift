internal import Base

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The files of a project's folder.
struct ProjectFiles {
    private static let bytesMax = 16 << 20
    let directory: String
    let diagnostics: Diagnostics

    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: absolute(path)) }

    /// Files below folders, with one of the endings, in order of their paths; hidden ones left out.
    func list(_ folders: [String], endings: [String]) -> [String] {
        var found: [String] = []
        for folder in folders { collect(folder, endings, depth: 0, into: &found) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }.sorted()
    }

    private func collect(_ folder: String, _ endings: [String], depth: Int, into found: inout [String]) {
        guard depth < 40, let names = try? FileManager.default.contentsOfDirectory(atPath: absolute(folder)) else {
            return
        }
        for name in names where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var isDirectory: Bool = false
            guard FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isDirectory) else { continue }
            if isDirectory {
                collect(path, endings, depth: depth + 1, into: &found)
            } else if endings.contains(where: { name.hasSuffix($0) }) {
                found.append(path)
            }
        }
    }

    /// A file's text; nil when it cannot be read, which is then reported.
    func read(_ path: String, from place: SourceLocation? = nil) -> String? {
        let place = place ?? SourceLocation(file: path)
        guard let data = FileManager.default.contents(atPath: absolute(path)) else {
            diagnostics.add(.fileNotReadable(place, reason: "\(path) is not there, or may not be read"))
            return nil
        }
        guard data.count <= Self.bytesMax else {
            diagnostics.add(
                .fileNotReadable(place, reason: "\(path) has \(data.count) bytes, more than \(Self.bytesMax)"))
            return nil
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            diagnostics.add(.fileNotReadable(place, reason: "\(path) is not UTF-8 text"))
            return nil
        }
        return text
    }

    func readYAML(_ path: String) -> YAMLNode? {
        guard let text = read(path) else { return nil }
        var reader = YAMLReader(file: path, diagnostics: diagnostics)
        return reader.read(text)
    }

    func readTemplate(_ path: String) -> Template? {
        guard let text = read(path) else { return nil }
        return diagnostics.collect(at: SourceLocation(file: path)) {
            try TemplateParser.parse(TemplateSource(file: path, text: text))
        }
    }
}
