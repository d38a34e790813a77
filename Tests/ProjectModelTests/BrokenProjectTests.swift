import Base
import Columnar
import Foundation
import Testing

@testable import ProjectModel

struct BrokenProjectTests {
    /// Each folder of Goldens/broken is a project with mistakes, whose messages stand in expected.txt.
    @Test(arguments: ["settings", "yaml", "sources", "models", "cycle", "plan"])
    func everyMistakeIsNamedWithItsPlace(name: String) throws {
        let folder = "\(goldens)/broken/\(name)"
        let (project, errors) = ProjectLoader.load(directory: folder)
        let checker = ScriptedChecker(outputs: [
            "growing": [Field("id", .int64), Field("customer", .utf8)], "growing+": [Field("id", .int64)],
        ])
        let plan = ProjectChecker(sql: checker).check(project, loadErrors: errors)
        // SQL is looked at only when the project itself is in order; the other folders test what comes before.
        let reports = name == "plan" ? plan.errors : errors
        let found =
            reports.map { $0.description.replacingOccurrences(of: folder, with: "PROJECT") }
            .joined(separator: "\n\n") + "\n"
        let golden = URL(fileURLWithPath: "\(folder)/expected.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1" {
            try Data(found.utf8).write(to: golden)
        }
        #expect(try String(contentsOf: golden, encoding: .utf8) == found)
        #expect(reports.allSatisfy { $0.location != nil })
    }

    @Test func anEmptyFolderIsNoProject() throws {
        let folder = try TemporaryFolder()
        let errors = ProjectLoader.load(directory: folder.path).errors
        #expect(errors.map(\.code) == ["PRJ-002"])
        #expect(ProjectLoader.load(directory: folder.path + "/nowhere").errors.map(\.code) == ["PRJ-002"])
    }

    /// The warehouse takes names that differ only in case for one.
    @Test func namesThatDifferOnlyInCaseAreOneName() throws {
        let folder = try TemporaryFolder()
        try folder.write("name: shop\n", to: "gariep.yaml")
        try folder.write("select 1 as id", to: "models/Customer_Totals.sql")
        try folder.write("select 2 as id", to: "models/customer_totals.sql")
        try folder.write("id\n1\n", to: "seeds/CUSTOMER_totals.csv")
        let errors = ProjectLoader.load(directory: folder.path).errors
        #expect(errors.map(\.code) == ["PRJ-008", "PRJ-008"])
        #expect(errors.last?.message == "two of one name, for case makes no difference: model customer_totals")
        #expect(errors.last?.hint == "CUSTOMER_totals is at seeds/CUSTOMER_totals.csv:1:1; rename one of them.")
    }

    /// A file that cannot be read is one mistake: nothing is said of what only it could have told.
    @Test func aBrokenFileHidesWhatDependsOnIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("name: shop\nvars:\n\tlimit: 3\n", to: "gariep.yaml")
        try folder.write("select {{ var('limit') }} as id from {{ source('s', 't') }}", to: "models/a.sql")
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        #expect(errors.map(\.code) == ["PRJ-003"], "\(errors)")
        #expect(ProjectChecker(sql: ScriptedChecker()).check(project, loadErrors: errors).errors.count == 1)

        try folder.write("name: shop\nvars: {limit: 3}\n", to: "gariep.yaml")
        try folder.write("sources:\n\t- name: s\n", to: "sources/s.yaml")
        #expect(ProjectLoader.load(directory: folder.path).errors.map(\.code) == ["PRJ-003"])
        try folder.write("sources: []\n", to: "sources/s.yaml")
        #expect(ProjectLoader.load(directory: folder.path).errors.map(\.code) == ["PRJ-020"])
    }

    @Test func filesThatAreNotTextAreReported() throws {
        let folder = try TemporaryFolder()
        try folder.write("name: x\n", to: "gariep.yaml")
        try folder.write("select 1", to: "models/a.sql")
        try Data([0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: folder.path + "/models/a.sql"))
        try Data([0x6e, 0xc3, 0x28]).write(to: URL(fileURLWithPath: folder.path + "/models/a.yml"))
        let errors = ProjectLoader.load(directory: folder.path).errors
        #expect(errors.map(\.code) == ["PRJ-001", "PRJ-001"])
    }

    /// Files cut at any byte, and files with bytes knocked over, never trap and always say where.
    @Test(arguments: 0..<60)
    func damagedFilesAreReported(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let folder = try TemporaryFolder()
        for file in Scaffold.files(name: "shop") {
            var bytes = Array(file.text.utf8)
            if file.path != "gariep.yaml", Bool.random(using: &random) {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7e, using: &random)
            }
            try folder.write(String(decoding: bytes, as: UTF8.self), to: file.path)
        }
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        let plan = ProjectChecker(sql: ScriptedChecker()).check(project, loadErrors: errors)
        #expect(plan.errors.allSatisfy { $0.location != nil && !$0.hint.isEmpty }, "seed \(seed)")
    }

    @Test(arguments: [
        "a: &x [1,1,1,1,1,1,1,1,1,1]\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x,*x]\nc: &z [*y,*y,*y,*y,*y,*y,*y,*y,*y,*y]\nd: &w [*z,*z,*z,*z,*z,*z,*z,*z,*z,*z]\ne: &v [*w,*w,*w,*w,*w,*w,*w,*w,*w,*w]\nname: [*v,*v,*v,*v,*v,*v,*v,*v]\n",
        String(repeating: "[", count: 100_000), String(repeating: "- ", count: 50_000) + "x",
        "a: *nowhere\n", "? [a, b]\n: c\n", "a: b\n---\nc: d\n", "\u{FEFF}name: x\n%TAG\n",
    ])
    func hostileYAMLIsReported(text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "gariep.yaml")
        #expect(!ProjectLoader.load(directory: folder.path).errors.isEmpty)
    }
}
