/// What the numbers of a task count.
public enum WorkUnit: Sendable, Hashable {
    /// Things with a name, such as `rows`.
    case items(String)
    case bytes
    /// Parts of a whole that nobody can count: `done` of `total` is shown in percent.
    case parts
}

/// How far a long piece of work has come. The command line draws it; tests collect it.
public protocol WorkReporting: Sendable {
    /// - Parameters:
    ///   - task: what is being done, such as `load weather`; a task's updates carry the same name. Its time counts from
    ///     its first update, and its speed from the `done` of that.
    ///   - done: how many of `unit` are done.
    ///   - total: how many there are; nil while nobody knows.
    func update(task: String, done: Int64, total: Int64?, unit: WorkUnit)
    /// The task has ended; `summary` says with what, in a few words.
    ///
    /// - Parameter count: what the task's speed is told in, such as rows; nil where speed means nothing.
    func finish(task: String, summary: String, count: (number: Int64, of: String)?)
    /// The task has ended without a result, of which somebody else tells.
    func abandon(task: String)
}

/// Nobody is watching.
public struct SilentProgress: WorkReporting {
    public init() {}
    public func update(task: String, done: Int64, total: Int64?, unit: WorkUnit) {}
    public func finish(task: String, summary: String, count: (number: Int64, of: String)?) {}
    public func abandon(task: String) {}
}
