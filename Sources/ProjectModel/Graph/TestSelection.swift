internal import Base

/// Which tests `--select` and `--exclude` leave, as dbt chooses them: a test is chosen by its own name, tag, path or kind,
/// and with any dataset that it reads.
public struct TestSelection: Sendable {
    public let columns: [ColumnTest]
    public let singular: [SingularTest]
    /// The parts of the selectors that match nothing at all.
    public let unmatched: [String]

    /// - Throws: `ProjectError.badSelector`.
    public init(_ include: String?, exclude: String? = nil, in project: Project) throws(ProjectError) {
        let tests = project.columnTests.map(Candidate.init) + project.singularTests.map(Candidate.init)
        var unmatched: [String] = []
        func chosen(_ text: String) throws(ProjectError) -> Set<Int> {
            try Selector(text).combined { term throws(ProjectError) in
                var datasets = Selector.found(term, in: project.graph)
                let direct = tests.indices.filter { tests[$0].matches(term, project.settings.name) }
                if datasets.isEmpty, direct.isEmpty {
                    if term.isPlainName {
                        throw Selector.unknown(term, among: project.graph.order.map(\.name) + tests.map(\.name))
                    }
                    unmatched.append(term.text)
                }
                // `+name`: what a test reads, and so the tests of that.
                if term.ancestors > 0 {
                    for index in direct {
                        datasets.formUnion(tests[index].reads)
                        guard term.ancestors > 1 else { continue }
                        for read in tests[index].reads {
                            datasets.formUnion(project.graph.ancestors(of: read, depth: term.ancestors - 1))
                        }
                    }
                }
                return Set(direct).union(tests.indices.filter { !tests[$0].reads.isDisjoint(with: datasets) })
            }
        }
        var kept = if let include { try chosen(include) } else { Set(tests.indices) }
        if let exclude { kept.subtract(try chosen(exclude)) }
        let count = project.columnTests.count
        columns = project.columnTests.indices.filter(kept.contains).map { project.columnTests[$0] }
        singular = project.singularTests.indices.filter { kept.contains(count + $0) }.map { project.singularTests[$0] }
        self.unmatched = unmatched
    }
}

/// What selectors know of a test.
private struct Candidate {
    let name: String
    let reads: Set<DatasetName>
    let file: String
    let tags: [String]
    /// `unique`, `not_null`; nil for a query of tests/.
    let genericName: String?

    init(_ test: ColumnTest) {
        name = test.name
        var reads: Set<DatasetName> = [test.dataset]
        switch test.kind {
        case .unique: genericName = "unique"
        case .notNull: genericName = "not_null"
        case .acceptedValues: genericName = "accepted_values"
        case .relationships(let to, _):
            genericName = "relationships"
            reads.insert(to)
        case .custom(let name, _): genericName = name
        }
        self.reads = reads
        file = test.location.file
        tags = test.tags
    }

    init(_ test: SingularTest) {
        name = test.name
        reads = Set(test.reads.map(\.value))
        file = test.file
        tags = test.tags
        genericName = nil
    }

    func matches(_ term: Selector.Term, _ projectName: String) -> Bool {
        switch term.method {
        case .name:
            return Glob.matches(term.value, name) || Glob.matches(term.value, "\(projectName).\(name)")
        case .tag, .configTags: return tags.contains { Glob.matches(term.value, $0) }
        case .path:
            let path = term.value.hasSuffix("/") ? String(term.value.dropLast()) : term.value
            return Glob.matches(path, file) || Glob.matches("\(path)/*", file)
        case .file: return Glob.matches(term.value, file.split(separator: "/").last.map { String($0) } ?? "")
        case .testType:
            return (genericName == nil ? ["singular", "data"] : ["generic", "schema"]).contains(term.value)
        case .testName: return genericName.map { Glob.matches(term.value, $0) } ?? false
        case .resourceType: return term.value == "test"
        case .source, .materialized: return false
        }
    }
}
