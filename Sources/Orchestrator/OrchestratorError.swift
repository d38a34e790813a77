public import Base

/// What can be wrong with a graph that should be run.
public enum OrchestratorError: PlatformError, Equatable {
    /// Nodes that wait for each other, the first one again at the end.
    case cycle([NodeID])
    case unknownInput(node: NodeID, input: NodeID)
    case duplicate(NodeID)

    public var report: ErrorReport {
        switch self {
        case .cycle(let path):
            ErrorReport(
                code: "ORC-001", recovery: .changeProject, message: "steps wait for each other in a circle",
                found: path.map(\.rawValue).joined(separator: " -> "),
                hint: "Take one reference out of the circle, or make one of the models incremental on its own table.")
        case .unknownInput(let node, let input):
            ErrorReport(
                code: "ORC-002", recovery: .changeProject, message: "\(node) reads \(input), which nothing makes",
                found: input.rawValue, hint: "Correct the reference, or declare the source.")
        case .duplicate(let node):
            ErrorReport(
                code: "ORC-003", recovery: .changeProject, message: "two steps are called \(node)",
                hint: "Give one of them another name.")
        }
    }
}
