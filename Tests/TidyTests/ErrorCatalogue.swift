/// docs/errors.md: every error code of the sources, room by room.
struct ErrorCatalogue {
    static let path = "docs/errors.md"

    /// Codes that more than one file gives to errors, with the file that explains them first. Anything else that
    /// appears in two files is one code for two errors.
    static let shared: [String: [String]] = [
        // Whatever answers requests says the same when it fails itself.
        "HTTP-001": [
            "Sources/Servers/HTTPServer/REST/RestRoutes.swift", "Sources/Platform/Control/ControlRoutes.swift",
        ],
        // Whether the server or its parser finds it, the URL is malformed.
        "HTTP-005": [
            "Sources/Servers/HTTPServer/HTTPService.swift", "Sources/Servers/HTTPServer/Wire/ConnectionGate.swift",
        ],
        // The answer of a running platform that is no problem document counts as none.
        "PLT-006": ["Sources/Platform/PlatformFailure.swift", "Sources/Platform/Control/ControlClient.swift"],
    ]

    let definitions: [ErrorDefinition]

    init(_ repository: Repository) {
        definitions = repository.sources.flatMap { ErrorCodes.definitions(in: $0.text, file: $0.path) }
    }

    var codes: Set<String> { Set(definitions.map(\.code)) }
    /// What codes begin with: `LOG`, `SQL`.
    var prefixes: Set<String> { Set(codes.map { String($0.prefix { $0 != "-" }) }) }

    private static let introduction = """
        # Errors

        Every error that a person can meet has a code. The code stays the same when the wording changes, so search for it.
        `{name}` stands for a value; ` / ` stands between alternatives. A printed error also says what was expected and
        what was found, where that can be said. The command line exits with 2 where the project or the request has to
        change, with 3 where the machine or the data has to be mended, with 64 where the command itself cannot be
        understood, which has no code, and with 1 otherwise.

        This file is made from the sources: `UPDATE_GOLDENS=1 GARIEP_ROOMS=Tidy swift test` writes it anew.

        """

    private static let actors: [String: String] = [
        "retry": "nobody: try again", "changeRequest": "who asked", "changeProject": "who writes the project",
        "repairData": "who keeps the data", "changeMachine": "who runs the machine",
        "reportDefect": "us: report it",
    ]

    var text: String {
        let kept = definitions.filter { Self.shared[$0.code]?.first ?? $0.file == $0.file }
        let rooms = Dictionary(grouping: kept) { Repository.room(of: $0.file) }
        var text = Self.introduction
        for (room, definitions) in rooms.sorted(by: { $0.key < $1.key }) {
            text += "\n## \(room)\n\n| Code | What happened | Who acts | What to do |\n|---|---|---|---|\n"
            for (code, places) in Dictionary(grouping: definitions, by: \.code).sorted(by: { $0.key < $1.key }) {
                let cells = [
                    code, Self.cell(places.map(\.message)),
                    Self.cell(places.map { $0.recovery.flatMap { Self.actors[$0] } ?? "" }),
                    Self.cell(places.map(\.hint)),
                ]
                text += "| " + cells.joined(separator: " | ") + " |\n"
            }
        }
        return text
    }

    private static func cell(_ texts: [String]) -> String {
        var seen: [String] = []
        for text in texts where !text.isEmpty && !seen.contains(text) { seen.append(text) }
        return seen.map { $0 == "{hint}" ? "As the error says." : $0 }.joined(separator: " / ")
            .replacing("|", with: "\\|")
    }
}
