internal import Base
internal import Yams

/// A piece of YAML with its place.
struct YAMLNode {
    struct Pair {
        let key: String
        let keyLocation: SourceLocation
        let value: YAMLNode
    }
    enum Kind {
        /// `isPlain` when written without quotes, so that `5` is a number and `'5'` is text.
        case scalar(String, isPlain: Bool)
        case mapping([Pair])
        case sequence([YAMLNode])
    }
    let kind: Kind
    let location: SourceLocation

    /// What a person would call this piece.
    var description: String {
        switch kind {
        case .scalar("", isPlain: true): "nothing"
        case .scalar(let text, let isPlain): isPlain ? text : "the text '\(text)'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        }
    }

    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = kind else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// YAML 1.2's core schema, with the `yes` and `no` that dbt projects use.
    var configValue: ConfigValue {
        switch kind {
        case .sequence(let items): return .list(items.map(\.configValue))
        case .mapping(let pairs): return .mapping(pairs.map { ConfigValue.Entry($0.key, $0.value.configValue) })
        case .scalar(let text, let isPlain):
            guard isPlain else { return .string(text) }
            if isNull { return .null }
            switch text.lowercased() {
            case "true", "yes", "on": return .bool(true)
            case "false", "no", "off": return .bool(false)
            default: break
            }
            if let value = Int(text) { return .int(value) }
            let isNumeric = text.unicodeScalars.allSatisfy { "0123456789.eE+-".unicodeScalars.contains($0) }
            if isNumeric, let value = Double(text) { return .double(value) }
            return .string(text)
        }
    }
}

/// Reads a YAML file into nodes, through libYAML.
struct YAMLReader {
    /// Nodes of one file after aliases are followed; it bounds what a bomb of aliases can cost.
    private static let nodesMax = 200_000
    private static let bytesMax = 4 << 20
    private static let nestingMax = 200

    let file: String
    let diagnostics: Diagnostics
    private var nodes = 0

    init(file: String, diagnostics: Diagnostics) {
        self.file = file
        self.diagnostics = diagnostics
    }

    /// The file's only document; nil when it is empty or cannot be read, which is then reported.
    mutating func read(_ text: String) -> YAMLNode? {
        guard text.utf8.count <= Self.bytesMax, nesting(of: text) <= Self.nestingMax else {
            report(nil, "the file is too large or nested too deeply", hint: "Split the file.")
            return nil
        }
        var text = text
        // A doubled key is reported, renamed and read past, so that other mistakes of the file are found too.
        for attempt in 0..<20 {
            do {
                guard let root = try Yams.compose(yaml: text) else { return nil }
                return convert(root, depth: 0)
            } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
                guard let renamed = reportDuplicate(duplicates.first ?? "", context.mark, in: text, attempt) else {
                    return nil
                }
                text = renamed
            } catch {
                report(error)
                return nil
            }
        }
        return nil
    }

    /// The deepest nesting of flow brackets or indentation, roughly: libYAML's own reader is recursive.
    private func nesting(of text: String) -> Int {
        var (depth, deepest) = (0, 0)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: break
            }
        }
        let dashes = text.split(separator: "\n").map { line in line.split(separator: " ").prefix { $0 == "-" }.count }
        return max(deepest, dashes.max() ?? 0)
    }

    private func location(_ mark: Mark?) -> SourceLocation {
        SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private func report(_ mark: Mark?, _ problem: String, hint: String) {
        diagnostics.add(.brokenYAML(location(mark), problem: problem, hint: hint))
    }

    private func report(_ error: any Error) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let started = context.map { " \($0.text) (from line \($0.mark.line))" } ?? ""
            report(
                mark, problem + started,
                hint: "Check indentation, colons, quotes and brackets here and just before; YAML has no tabs.")
        case YamlError.reader(let problem, _, _, _): report(nil, problem, hint: "Save the file as UTF-8 text.")
        default: report(nil, "\(error)", hint: "Check the file with any YAML reader.")
        }
    }

    /// Reports the second of two equal keys, and gives it another name of the same length.
    private func reportDuplicate(_ key: String, _ first: Mark, in text: String, _ attempt: Int) -> String? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.unicodeScalars) }
        let word = Array(key.unicodeScalars)
        for index in lines.indices.dropFirst(first.line) {
            let line = lines[index]
            guard let indentation = line.firstIndex(where: { $0 != " " && $0 != "\r" }), line[indentation] != "#" else {
                continue
            }
            if indentation < first.column - 1 { break }
            guard indentation == first.column - 1, line.count > indentation + word.count,
                line[indentation..<(indentation + word.count)].elementsEqual(word),
                line[indentation + word.count] == ":"
            else { continue }
            diagnostics.add(
                .duplicateKey(
                    SourceLocation(file: file, line: index + 1, column: first.column), key: key, first: location(first))
            )
            // Letters of the private use area: no person writes them, and readers skip keys that start so.
            let marker = UnicodeScalar(UInt32(0xE000 + attempt)) ?? "\u{E000}"
            for offset in word.indices { lines[index][indentation + offset] = marker }
            return lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
        }
        diagnostics.add(.duplicateKey(location(first), key: key, first: nil))
        return nil
    }

    private mutating func convert(_ node: Node, depth: Int) -> YAMLNode? {
        nodes += 1
        guard nodes <= Self.nodesMax, depth <= Self.nestingMax else {
            if nodes == Self.nodesMax + 1 || depth == Self.nestingMax + 1 {
                report(node.mark, "the file is too large once its aliases are followed", hint: "Use fewer aliases.")
            }
            return nil
        }
        let place = location(node.mark)
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return YAMLNode(kind: .scalar(scalar.string, isPlain: isPlain), location: place)
        case .sequence(let sequence):
            var items: [YAMLNode] = []
            for item in sequence { if let item = convert(item, depth: depth + 1) { items.append(item) } }
            return YAMLNode(kind: .sequence(items), location: place)
        case .mapping(let mapping): return YAMLNode(kind: .mapping(pairs(mapping, depth)), location: place)
        case .alias: return nil
        }
    }

    private mutating func pairs(_ mapping: Node.Mapping, _ depth: Int) -> [YAMLNode.Pair] {
        var pairs: [YAMLNode.Pair] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                report(key.mark, "a key must be a plain word", hint: "Use text as the key.")
                continue
            }
            if let marker = name.string.unicodeScalars.first, (0xE000...0xE0FF).contains(marker.value) { continue }
            guard let value = convert(value, depth: depth + 1) else { continue }
            // Merge keys: the mapping's own keys win.
            if name.string == "<<", case .mapping(let merged) = value.kind {
                let own = Set(mapping.compactMap { $0.key.scalar?.string })
                pairs += merged.filter { !own.contains($0.key) }
                continue
            }
            pairs.append(YAMLNode.Pair(key: name.string, keyLocation: location(key.mark), value: value))
        }
        return pairs
    }
}
