internal import Base
internal import Dispatch
internal import DuckDB
internal import Synchronization

/// Looks at a statement from outside while it runs: tells its progress, and stops it when its time is over.
///
/// It does not keep the connection: a database that nobody uses is closed at once, and can be opened again.
final class StatementWatch: Sendable {
    private struct State {
        var over = false
        var timedOut = false
    }

    private let state = Mutex(State())
    private static let queue = DispatchQueue(label: "warehouse.watch", attributes: .concurrent)

    /// Runs `body`; until it ends, tells `report` about every tenth of a second how far the connection's statement is.
    static func following<Result>(
        _ connection: DuckDBConnection, _ report: @escaping @Sendable (DuckDBConnection.Progress) -> Void,
        _ body: () throws(WarehouseError) -> Result
    ) throws(WarehouseError) -> Result {
        let watch = StatementWatch()
        watch.tick(connection, report)
        defer { watch.end() }
        return try body()
    }

    /// Runs `body`; after `micros`, interrupts the connection.
    ///
    /// - Returns: the result, and whether the time was over before `body` was.
    static func limiting<Result>(
        _ connection: DuckDBConnection, micros: Int64?, _ body: () throws(WarehouseError) -> Result,
        whenOver: () -> WarehouseError
    ) throws(WarehouseError) -> Result {
        guard let micros else { return try body() }
        let watch = StatementWatch()
        queue.asyncAfter(deadline: .now() + .microseconds(Int(clamping: micros))) { [weak connection] in
            if let connection { watch.stop(connection) }
        }
        defer { watch.end() }
        do throws(WarehouseError) { return try body() } catch {
            throw watch.end() ? whenOver() : error
        }
    }

    /// - Returns: whether the time was over before.
    @discardableResult
    private func end() -> Bool {
        state.withLock { state in
            state.over = true
            return state.timedOut
        }
    }

    /// Interrupts within the lock, so that no later statement of the connection is hit; and again until the end, for
    /// an interruption that comes just before a statement begins is lost.
    private func stop(_ connection: DuckDBConnection) {
        let over = state.withLock { state in
            if state.over { return true }
            state.timedOut = true
            connection.interrupt()
            return false
        }
        if over { return }
        StatementWatch.queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [weak connection] in
            if let connection { self.stop(connection) }
        }
    }

    private func tick(
        _ connection: DuckDBConnection, _ report: @escaping @Sendable (DuckDBConnection.Progress) -> Void
    ) {
        StatementWatch.queue.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak connection] in
            guard let connection else { return }
            // Within the lock, so that nothing is told of a statement that is over.
            self.state.withLock { state in
                if !state.over, let progress = connection.progress { report(progress) }
            }
            if self.state.withLock({ !$0.over }) { self.tick(connection, report) }
        }
    }
}
