internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Run Examples/flights from events to an API, and show what arrived where.",
        discussion: """
            Begins from nothing each time, in a data folder of its own.

              gariep demo --keep
            """)

    @Option(name: .long, help: "The example's folder.")
    var project: String?
    @OptionGroup var running: RunningOptions
    @Flag(name: .long, help: "Leave the platform running at the end, until it is stopped.")
    var keep = false

    func run() async throws {
        let folder = try project ?? Self.example()
        var options = PlatformOptions(projectDirectory: URL(fileURLWithPath: folder).standardizedFileURL.path)
        try running.apply(to: &options)
        options.dataDirectory = "\(options.projectDirectory)/.gariep/demo"
        if running.replaySpeed == nil { options.replay = .asFastAsItGoes }
        guard !RunningProject.isInUse(options) else {
            throw PlatformFailure.alreadyRunning(directory: options.dataDirectory ?? "", processID: nil)
        }
        try? FileManager.default.removeItem(atPath: options.dataDirectory ?? "")

        let clock = SystemClock()
        let started = clock.nowMicros()
        let signals = StopSignals()
        let platform: RunningProject
        do { platform = try await Self.start(options, clock, signals) } catch is CancellationError { return }
        let inTheWay = await platform.waitUntilSettled { signals.isStopped }
        let took = clock.nowMicros() - started
        if !signals.isStopped {
            Terminal.print(try Self.arrivals(platform))
            Terminal.print(
                "\nin \(NumberText.duration(took)), \(NumberText.grouped(Int64(ProcessUsage.peakResidentBytes >> 20))) MB at the most"
            )
            for (title, query) in Self.questions {
                Terminal.print("\n\(title)\n  \(query)\n")
                Terminal.print(try SQLCommand.table(platform.query(query, rowsMax: 10)))
            }
            Terminal.print("\n" + Self.addresses(platform.endpoints, folder: folder, isKept: keep))
        }
        if keep, !signals.isStopped {
            Terminal.note("running until it is stopped (Ctrl-C)")
            await signals.wait()
        }
        try await platform.stop()
        if !inTheWay.isEmpty { throw CommandFailure.inTheWay(inTheWay) }
    }

    /// Starts the platform; where another program has a port of the example's, on any free one.
    private static func start(_ wanted: PlatformOptions, _ clock: SystemClock, _ signals: StopSignals) async throws
        -> RunningProject
    {
        var options = wanted
        while true {
            do {
                return try await RunningProject.start(
                    options, progress: Terminal.progress(), clock: clock, shouldStop: { signals.isStopped })
            } catch PlatformFailure.portTaken(let service, let port) {
                switch service {
                case "kafka" where options.kafkaPort == nil: options.kafkaPort = 0
                case "registry" where options.registryPort == nil: options.registryPort = 0
                case "http" where options.httpPort == nil: options.httpPort = 0
                default: throw PlatformFailure.portTaken(service: service, port: port)
                }
                Terminal.note("port \(port) is taken by another program; \(service) gets a free one")
            }
        }
    }

    /// Examples/flights here, or in the checkout that the program was built in.
    static func example() throws -> String {
        var folders = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<5 {
            folders.append(above.path)
            above.deleteLastPathComponent()
        }
        for folder in folders where FileManager.default.fileExists(atPath: "\(folder)/Examples/flights/gariep.yaml") {
            return "\(folder)/Examples/flights"
        }
        throw CommandFailure.noExample("\(folders[0])/Examples/flights")
    }

    private static let questions = [
        (
            "The worst hours to leave New York, by the 90th percentile of the delay:",
            "select origin, carrier, window_start, flights, cancelled, round(mean_dep_delay, 1) as mean, p90_dep_delay as p90"
                + " from delays_hourly where flights >= 10 order by p90_dep_delay desc, origin limit 5"
        ),
        (
            "Delay by the weather at the origin:",
            "select case when precip > 0 then 'rain' when visib < 5 then 'fog' when wind_speed > 20 then 'wind' else 'fair' end"
                + " as weather, count(*) as departures, round(avg(dep_delay), 1) as mean_delay from departures_enriched"
                + " group by weather order by mean_delay desc"
        ),
        (
            "The least punctual routes of a month:",
            "select origin, dest_name, month, flights, on_time_percent from route_punctuality where flights >= 30"
                + " order by on_time_percent limit 5"
        ),
    ]

    /// What arrived where.
    private static func arrivals(_ platform: RunningProject) throws -> String {
        let status = platform.status()
        var table = TextTable(["where", "what", "rows"], rightAligned: [2])
        for topic in status.topics {
            table.rows.append(["topic", topic.name, NumberText.grouped(topic.records)])
        }
        for stream in status.streams {
            table.rows.append(["Delta table", stream.model, NumberText.grouped(stream.rowsWritten)])
        }
        for relation in status.tables where relation.kind != "stream" && relation.kind != "view" {
            table.rows.append(["warehouse", relation.name, relation.rows.map(NumberText.grouped) ?? ""])
        }
        let missing = status.streams.flatMap(\.steps).reduce(0) { $0 + abs($1.handOver.missing) }
        return table.rendered(width: Terminal.width)
            + "\n\nledger: \(missing) rows missing over \(status.streams.flatMap(\.steps).count) hand-overs"
    }

    private static func addresses(_ endpoints: Endpoints, folder: String, isKept: Bool) -> String {
        let http = "http://\(endpoints.urlHost):\(endpoints.http)"
        return """
            \(isKept ? "Try" : "With --keep (make demo KEEP=1) these answer"):
              curl '\(http)/v1/delays?origin=JFK&order=p90_dep_delay.desc&limit=3'
              curl '\(http)/v1/departures?carrier=UA&dep_delay.gte=300&fields=flight,dest,dep_delay&format=csv'
              curl '\(http)/openapi.json'
              curl 'http://\(endpoints.urlHost):\(endpoints.registry)/subjects'
              kcat -b \(endpoints.urlHost):\(endpoints.kafka) -t departures.dead_letter -C -e -f '%h\\n'
              gariep sql --project \(folder) --data-dir \(folder)/.gariep/demo 'from carrier_daily limit 5'
            """
    }
}
