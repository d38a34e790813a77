internal import Dispatch

/// Asks again and again whether somebody wants a stop, from a thread that long work does not hold up.
final class StopWatch: Sendable {
    /// Sendable: a source may be used from any thread.
    private struct Held: @unchecked Sendable { let timer: any DispatchSourceTimer }

    private let held: Held
    private let shouldStop: @Sendable () -> Bool

    /// - Parameter interrupt: called from then on until the end, since an interruption may come too early to be heard.
    init(_ shouldStop: @escaping @Sendable () -> Bool, interrupt: @escaping @Sendable () -> Void) {
        self.shouldStop = shouldStop
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50))
        timer.setEventHandler { if shouldStop() { interrupt() } }
        timer.resume()
        held = Held(timer: timer)
    }

    /// - Throws: `CancellationError` where a stop is wanted.
    func check() throws { if shouldStop() { throw CancellationError() } }

    func end() { held.timer.cancel() }
}
