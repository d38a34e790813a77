/// How far a long piece of work has come. The command line draws it; tests collect it.
public protocol WorkReporting: Sendable {
    /// - Parameters:
    ///   - task: what is being done, such as `load weather`; a task's updates carry the same name.
    ///   - done: how many of `unit` are done.
    ///   - total: how many there are; nil while nobody knows.
    func update(task: String, done: Int64, total: Int64?, unit: String)
    /// The task has ended; `summary` says with what, in a few words.
    func finish(task: String, summary: String)
}

/// Nobody is watching.
public struct SilentProgress: WorkReporting {
    public init() {}
    public func update(task: String, done: Int64, total: Int64?, unit: String) {}
    public func finish(task: String, summary: String) {}
}
