internal import EventLog
internal import Synchronization

/// The group coordinator with the requests that wait for it.
final class GroupService: Sendable {
    private struct State {
        var coordinator: GroupCoordinator
        var waiting: [UInt64: @Sendable (GroupCoordinator.Response) -> Void] = [:]
        var tokens: UInt64 = 0
    }

    private let state: Mutex<State>

    init(configuration: GroupCoordinator.Configuration) {
        state = Mutex(State(coordinator: GroupCoordinator(configuration: configuration)))
    }

    /// A part of a member id that no other member has.
    func newID() -> String {
        String(UInt64.random(in: 0 ... .max), radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
    }

    /// Looks at or changes the coordinator where nothing needs answering.
    func coordinator<Result: Sendable>(_ body: @Sendable (inout GroupCoordinator) -> Result) -> Result {
        state.withLock { body(&$0.coordinator) }
    }

    /// Brings a request before the coordinator; `answer` is called once, now or when others have come.
    func submit(
        answer: @escaping @Sendable (GroupCoordinator.Response) -> Void,
        decide: @Sendable (inout GroupCoordinator, UInt64) -> [GroupCoordinator.Answer]
    ) {
        let due = state.withLock { state in
            state.tokens += 1
            state.waiting[state.tokens] = answer
            return Self.take(decide(&state.coordinator, state.tokens), &state)
        }
        for (answer, response) in due { answer(response) }
    }

    /// Changes the coordinator and answers the requests that waited for that.
    func deliver<Result: Sendable>(
        _ body: @Sendable (inout GroupCoordinator) -> (Result, [GroupCoordinator.Answer])
    ) -> Result {
        let (result, due) = state.withLock { state in
            let (result, answers) = body(&state.coordinator)
            return (result, Self.take(answers, &state))
        }
        for (answer, response) in due { answer(response) }
        return result
    }

    func tick(nowMillis: Int64) { deliver { ((), $0.tick(nowMillis: nowMillis)) } }

    /// Answers everyone who waits that another coordinator must be found.
    func releaseAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for answer in waiting {
            // Each answer takes only the kind that it waits for; the other ends the connection, which is as good here.
            answer(.joined(.refused(.coordinatorNotAvailable)))
        }
    }

    private typealias Due = (@Sendable (GroupCoordinator.Response) -> Void, GroupCoordinator.Response)

    private static func take(_ answers: [GroupCoordinator.Answer], _ state: inout State) -> [Due] {
        answers.compactMap { answer in
            state.waiting.removeValue(forKey: answer.token).map { ($0, answer.response) }
        }
    }
}

/// Does its work when it has been counted down.
final class EventCounter: Sendable {
    private let left: Mutex<Int>
    private let work: @Sendable () -> Void

    init(_ count: Int, work: @escaping @Sendable () -> Void) {
        left = Mutex(count)
        self.work = work
    }

    func count() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { work() }
    }
}
