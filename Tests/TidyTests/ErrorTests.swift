import Foundation
import Testing

@Suite(.enabled(if: Repository.here != nil, "needs git and a checkout"))
struct ErrorTests {
    let repository: Repository
    let catalogue: ErrorCatalogue
    init() throws {
        repository = try #require(Repository.here)
        catalogue = ErrorCatalogue(repository)
    }

    @Test func aCodeMeansOneError() {
        for (code, places) in Dictionary(grouping: catalogue.definitions, by: \.code) {
            let files = Set(places.map(\.file))
            let shared = Set(ErrorCatalogue.shared[code] ?? [])
            guard files.count > 1 || !shared.isEmpty else { continue }
            let shown = places.map { "\($0.file):\($0.line)" }.sorted().joined(separator: ", ")
            #expect(files == shared, "\(code) is given to errors at \(shown): take a new code, or list it as shared")
        }
        for code in ErrorCatalogue.shared.keys {
            #expect(catalogue.codes.contains(code), "\(code) is shared by nobody")
        }
    }

    @Test func everyErrorSaysWhoActs() {
        for definition in catalogue.definitions {
            let place = "\(definition.code) at \(definition.file):\(definition.line)"
            #expect(definition.recovery != nil, "\(place) has no recovery that this scan understands")
            #expect(!definition.message.isEmpty, "\(place) has no message that this scan understands")
        }
    }

    @Test func theListOfErrorsIsUpToDate() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1" {
            try repository.write(catalogue.text, to: ErrorCatalogue.path)
        }
        let written = (repository.text(ErrorCatalogue.path) ?? "").split(separator: "\n")
        let listed = Set(
            written.compactMap { $0.hasPrefix("| ") ? $0.dropFirst(2).prefix { $0 != " " } : nil }
                .filter(ErrorCodes.isCode).map(String.init))
        let toDo = "run `UPDATE_GOLDENS=1 GARIEP_ROOMS=Tidy swift test` and read the difference"
        #expect(catalogue.codes.subtracting(listed).sorted() == [], "missing in docs/errors.md: \(toDo)")
        #expect(listed.subtracting(catalogue.codes).sorted() == [], "in docs/errors.md, and nowhere else: \(toDo)")
        for (line, made) in zip(written, catalogue.text.split(separator: "\n")) where line != made {
            Issue.record("docs/errors.md is out of date at `\(line)`: \(toDo)")
            break
        }
    }

    /// A document that tells of an error which is no more sends its reader astray.
    @Test func documentsNameErrorsThatAreThere() {
        for path in repository.files where path.hasSuffix(".md") && path != ErrorCatalogue.path {
            for word in (repository.text(path) ?? "").split(whereSeparator: {
                !$0.isLetter && !$0.isNumber && $0 != "-"
            })
            where ErrorCodes.isCode(word) && catalogue.prefixes.contains(String(word.prefix { $0 != "-" })) {
                #expect(catalogue.codes.contains(String(word)), "\(path) names \(word), which no error has")
            }
        }
    }
}
