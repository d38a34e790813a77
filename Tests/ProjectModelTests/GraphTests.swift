import Base
import Columnar
import Testing

@testable import ProjectModel

struct GraphTests {
    private func node(_ name: Int, reads: [Int]) -> GraphNode {
        let place = SourceLocation(file: "m\(name).sql")
        return GraphNode(
            name: DatasetName("m\(name)"), kind: .model(.table), location: place, tags: [],
            reads: reads.map { Located(DatasetName("m\($0)"), place) }, qualifiedName: ["m\(name)"])
    }

    @Test(arguments: 0..<100)
    func everyDatasetComesAfterWhatItReads(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...30, using: &random)
        // Reads point backwards in a shuffled numbering, so there is no circle.
        let numbers = Array(0..<count).shuffled(using: &random)
        var nodes: [GraphNode] = []
        for index in numbers.indices {
            let reads = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
                numbers[..<index].randomElement(using: &random)
            }
            nodes.append(node(numbers[index], reads: reads))
        }
        let graph = Graph(projectName: "p", nodes: nodes.shuffled(using: &random))
        #expect(graph.order.count == count, "seed \(seed)")
        #expect(graph.cycles().isEmpty)
        for (index, name) in graph.order.enumerated() {
            #expect(graph.parents(of: name).allSatisfy { graph.order[..<index].contains($0) }, "seed \(seed)")
            #expect(graph.ancestors(of: name).allSatisfy { graph.descendants(of: $0).contains(name) })
        }
    }

    @Test(arguments: 0..<100)
    func everyCircleIsClosed(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...12, using: &random)
        let nodes = (0..<count).map { number in
            node(
                number,
                reads: (0..<Int.random(in: 0...2, using: &random)).map { _ in Int.random(in: 0..<count, using: &random)
                })
        }
        let graph = Graph(projectName: "p", nodes: nodes)
        let cycles = graph.cycles()
        #expect(cycles.isEmpty == (graph.order.count == count), "seed \(seed)")
        for cycle in cycles {
            #expect(cycle.path.count > 1)
            #expect(cycle.path.first == cycle.path.last)
            for (name, next) in zip(cycle.path, cycle.path.dropFirst()) {
                #expect(graph.parents(of: name).contains(next), "seed \(seed)")
            }
        }
    }

    @Test func warningsOfTheCheckerReachThePlan() {
        struct Warning: SQLChecking {
            func check(_ model: ModelSQL, inputs: [DatasetName: Schema]) -> Result<CheckedSQL, SQLProblems> {
                let problem = SQLProblem(message: "slow", hint: "Think again.", position: 7)
                return .success(CheckedSQL(outputSchema: Schema([Field("order_id", .int64)]), warnings: [problem]))
            }
        }
        let project = ProjectLoader.load(directory: "\(goldens)/jaffle").project
        let plan = ProjectChecker(sql: Warning()).check(project)
        #expect(plan.warnings.count == 6)
        #expect(plan.warnings.allSatisfy { $0.location != nil })
        #expect(plan.datasets.count == 8)
    }
}
