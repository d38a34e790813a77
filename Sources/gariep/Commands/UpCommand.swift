internal import ArgumentParser
internal import Base
internal import Platform

/// The ports and speed that `up` and `demo` share.
struct RunningOptions: ParsableArguments {
    @Option(name: .long, help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(
        name: .long,
        help: "The host that Kafka clients are told to connect to, instead of the address they came to or --host.")
    var advertisedHost: String?
    @Option(name: .long, help: "The port of Kafka's protocol; 0 for any free one.")
    var kafkaPort: Int?
    @Option(name: .long, help: "The port of the schema registry; 0 for any free one.")
    var registryPort: Int?
    @Option(name: .long, help: "The port of the REST API; 0 for any free one.")
    var httpPort: Int?
    @Option(name: .long, help: "Replay topics at this many times real time, `max`, or `off`.")
    var replaySpeed: String?
    @Option(name: .long, help: "Threads of the stream engine, at most 128.")
    var workers: Int?

    func validate() throws {
        try Allowed.check(kafkaPort, "--kafka-port", 0...65535)
        try Allowed.check(registryPort, "--registry-port", 0...65535)
        try Allowed.check(httpPort, "--http-port", 0...65535)
        try Allowed.check(workers, "--workers", 1...128)
        _ = try speed()
    }

    private func speed() throws -> PlatformOptions.ReplaySpeed {
        switch replaySpeed {
        case nil: return .asConfigured
        case "max": return .asFastAsItGoes
        case "off": return .off
        case let text?:
            guard let speed = Double(text), speed > 0, speed.isFinite else {
                throw ValidationError("--replay-speed takes a positive number, `max` or `off`, not '\(text)'.")
            }
            return .timesRealTime(speed)
        }
    }

    func apply(to options: inout PlatformOptions) throws {
        options.host = host
        options.advertisedHost = advertisedHost
        options.kafkaPort = kafkaPort
        options.registryPort = registryPort
        options.httpPort = httpPort
        options.workers = workers
        if replaySpeed != nil { options.replay = try speed() }
    }
}

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run the whole project until it is stopped.",
        discussion: """
            Loads sources, serves Kafka, the schema registry and REST, runs the streams and keeps models fresh.
            SIGINT (Ctrl-C), SIGTERM and SIGHUP stop it cleanly.

              gariep up --http-port 8080 --replay-speed max
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var running: RunningOptions

    @Flag(name: .long, help: "Stop once everything that came in has gone all the way.")
    var untilSettled = false

    func run() async throws {
        var options = try project.platformOptions()
        try running.apply(to: &options)
        let signals = StopSignals()
        let platform: RunningProject
        do {
            platform = try await RunningProject.start(
                options, progress: Terminal.progress(), clock: SystemClock(), shouldStop: { signals.isStopped })
        } catch is CancellationError {
            return Terminal.note("stopped before it ran; everything is on disk")
        }
        Terminal.note(Self.addresses(platform.endpoints))
        let watch = Task { await Self.tellProblems(of: platform) }
        var inTheWay: [PlatformProblem] = []
        if untilSettled {
            inTheWay = await platform.waitUntilSettled { signals.isStopped }
        } else {
            await signals.wait()
        }
        watch.cancel()
        Terminal.note("stopping ...")
        try await platform.stop()
        Terminal.note("stopped; everything is on disk")
        if !inTheWay.isEmpty { throw CommandFailure.inTheWay(inTheWay) }
    }

    /// Says on the terminal when something stops working, and when it works again.
    private static func tellProblems(of platform: RunningProject) async {
        let clock = SystemClock()
        var notices = ProblemNotices()
        while !Task.isCancelled {
            for notice in notices.observe(platform.problems(), nowMicros: clock.nowMicros()) {
                switch notice {
                case .began(let problem): Terminal.error("\(problem.subject): \(problem.text)")
                case .ended(let subject): Terminal.note("\(subject): works again")
                }
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    static func addresses(_ endpoints: Endpoints) -> String {
        """
        running as process \(endpoints.processID)
          Kafka            \(endpoints.urlHost):\(endpoints.kafka)
          schema registry  http://\(endpoints.urlHost):\(endpoints.registry)
          REST             http://\(endpoints.urlHost):\(endpoints.http)
        """
    }
}
