internal import ArgumentParser
internal import Base
internal import DuckDB
internal import Foundation
internal import Platform

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the way from the log to the API on this machine, beside DuckDB in one batch.",
        discussion: """
            Runs Examples/flights from nothing. Build in release mode; figures of a busy machine say little.

              gariep bench --samples 50
            """)

    @Option(name: .long, help: "The example's folder.")
    var project: String?
    @Option(name: .long, help: "Records sent one by one to measure how soon they are visible.")
    var samples = 40

    func validate() throws { try Allowed.check(samples, "--samples", 1...1_000_000) }

    func run() async throws {
        let clock = SystemClock()
        var options = PlatformOptions(
            projectDirectory: URL(fileURLWithPath: try project ?? DemoCommand.example()).standardizedFileURL.path)
        options.dataDirectory = "\(options.projectDirectory)/.gariep/bench"
        (options.kafkaPort, options.registryPort, options.httpPort) = (0, 0, 0)
        options.replay = .asFastAsItGoes
        guard !RunningProject.isInUse(options) else {
            throw PlatformFailure.alreadyRunning(directory: options.dataDirectory ?? "", processID: nil)
        }
        try? FileManager.default.removeItem(atPath: options.dataDirectory ?? "")
        var table = TextTable(["what", "figure", "unit"], rightAligned: [1])

        let planStart = clock.nowMicros()
        _ = try ProjectPlanner.plan(options)
        table.rows.append(["gariep plan", milliseconds(clock.nowMicros() - planStart), "ms"])

        let (floorMicros, floorCPU) = try Self.floor(options.projectDirectory, clock)

        try await measureRunning(options, floorMicros, floorCPU, clock, &table)
        try await measureBacklog(options, floorMicros, clock, &table)

        let runStart = clock.nowMicros()
        let report = try ModelSession(options).run(
            select: [], exclude: [], fullRefresh: false, progress: SilentProgress())
        table.rows.append([
            "gariep run, \(report.steps.count) steps, nothing new", milliseconds(clock.nowMicros() - runStart), "ms",
        ])
        Terminal.print(table.rendered(width: Terminal.width))
        try? FileManager.default.removeItem(atPath: options.dataDirectory ?? "")
    }

    /// The figures of a running platform; it is stopped and gone when this returns.
    private func measureRunning(
        _ options: PlatformOptions, _ floorMicros: Int64, _ floorCPU: Int, _ clock: SystemClock,
        _ table: inout TextTable
    ) async throws {
        let platform = try await RunningProject.start(options, progress: SilentProgress(), clock: clock)
        let cost = try await Self.cost(of: platform, sinceMicros: clock.nowMicros(), cpu: ProcessUsage.cpuMicros, clock)
        let perMillion = 1_000_000 / cost.events
        append("client -> log -> 2 streams -> lake", cost, "  CPU, client and replay included", to: &table)
        table.rows.append([
            "DuckDB, both queries in one batch from CSV",
            NumberText.grouped(Int64(cost.events / Double(floorMicros) * 1_000_000)), "events/s",
        ])
        table.rows.append(["  CPU", seconds(Double(floorCPU) * perMillion), "s per million events"])
        table.rows.append(["  ratio of time", ratio(cost, floorMicros), "x"])
        table.rows.append(["peak memory, DuckDB's batch included", "\(ProcessUsage.peakResidentBytes >> 20)", "MB"])

        try await Self.settle(platform)
        let times = try VisibilityProbe(
            project: platform, topic: Self.topic, path: Self.path
        ).run(samples: samples, clock: clock)
        table.rows.append(["append to visible in the API, p50", milliseconds(times[times.count / 2]), "ms"])
        table.rows.append([
            "append to visible in the API, p99", milliseconds(times[min(times.count - 1, times.count * 99 / 100)]),
            "ms",
        ])
        try await platform.stop()
    }

    /// The figures of streams that begin with a full log, which is what DuckDB's batch has in its file: no client, no
    /// replay, and nothing to wait for. Starting the platform is part of it.
    private func measureBacklog(
        _ options: PlatformOptions, _ floorMicros: Int64, _ clock: SystemClock, _ table: inout TextTable
    ) async throws {
        // The log stays; what was made from it is made again.
        for folder in ["lake", "state", "warehouse"] {
            try FileManager.default.removeItem(atPath: "\(options.dataDirectory ?? "")/\(folder)")
        }
        var options = options
        options.replay = .off
        let (started, cpu) = (clock.nowMicros(), ProcessUsage.cpuMicros)
        let platform = try await RunningProject.start(options, progress: SilentProgress(), clock: clock)
        let cost = try await Self.cost(of: platform, sinceMicros: started, cpu: cpu, clock)
        append("full log -> 2 streams -> lake, with the start", cost, "  CPU", to: &table)
        table.rows.append(["  ratio of time to DuckDB's batch", ratio(cost, floorMicros), "x"])
        try await Self.settle(platform)
        try await platform.stop()
    }

    private static func settle(_ platform: RunningProject) async throws {
        let inTheWay = await platform.waitUntilSettled { false }
        if !inTheWay.isEmpty { throw CommandFailure.inTheWay(inTheWay) }
    }

    /// What it took to bring the topic's events to the lake.
    private struct Cost {
        let events: Double
        /// Until every event was read and committed.
        let micros: Int64
        /// Until the windows that can end had ended, which partitions hold open until they are found idle.
        let cpuMicros: Int
    }

    private static func cost(
        of platform: RunningProject, sinceMicros: Int64, cpu: Int, _ clock: SystemClock
    ) async throws -> Cost {
        // Looking costs as well, so it is done seldom.
        while !platform.hasCaughtUp { try await Task.sleep(for: .milliseconds(20)) }
        let took = clock.nowMicros() - sinceMicros
        var (held, since) = (platform.heldRows, clock.nowMicros())
        while clock.nowMicros() - since < idleMicros {
            try await Task.sleep(for: .milliseconds(100))
            if platform.heldRows != held { (held, since) = (platform.heldRows, clock.nowMicros()) }
        }
        let used = ProcessUsage.cpuMicros - cpu
        let events = platform.status().topics.first { $0.name == topic }?.records ?? 0
        return Cost(events: Double(events), micros: took, cpuMicros: used)
    }

    private func append(_ what: String, _ cost: Cost, _ cpu: String, to table: inout TextTable) {
        let perSecond = cost.events / Double(cost.micros) * 1_000_000
        table.rows.append([what, NumberText.grouped(Int64(perSecond)), "events/s"])
        table.rows.append([
            cpu, seconds(Double(cost.cpuMicros) * 1_000_000 / cost.events), "s per million events",
        ])
    }

    private func ratio(_ cost: Cost, _ floorMicros: Int64) -> String {
        String(format: "%.2f", Double(cost.micros) / Double(floorMicros))
    }
    private func milliseconds(_ micros: Int64) -> String { String(format: "%.1f", Double(micros) / 1000) }
    private func seconds(_ micros: Double) -> String { String(format: "%.2f", micros / 1_000_000) }

    private static let topic = "departures"
    /// Longer than the topic's `idle_after` and a checkpoint.
    private static let idleMicros: Int64 = 7_000_000

    /// Where a departure's rows are: its number is the first field behind the schema's prefix.
    private static let path: @Sendable ([UInt8]) -> String? = { value in
        // The broken records are shorter.
        guard value.count > 30, value[0] == 0 else { return nil }
        return unsafe value.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            guard reader.skip(5), let flight = reader.zigzagVarint() else { return nil }
            return "/v1/departures?flight_id=\(flight)&limit=1000"
        }
    }

    /// The same answers as both streams give, by DuckDB from the files, in one batch.
    private static func floor(_ project: String, _ clock: SystemClock) throws -> (micros: Int64, cpuMicros: Int) {
        let data = "\(project)/../../.deps/flights"
        func csv(_ name: String) -> String {
            "read_csv('\(data)/\(name).csv', nullstr = 'NA', types = {'time_hour': 'timestamp'})"
        }
        func plain(_ name: String) -> String { "read_csv('\(data)/\(name).csv', nullstr = 'NA')" }
        let connection = try DuckDBDatabase().connect()
        let (started, cpu) = (clock.nowMicros(), ProcessUsage.cpuMicros)
        try connection.execute(
            """
            create table departures as select *, cast(time_hour as timestamp) + to_minutes(minute) as scheduled_at from \(csv("flights"));
            create table delays_hourly as
            select origin, carrier, time_bucket(interval 1 hour, scheduled_at) as window_start, count(*) as flights,
                count(*) filter (where dep_delay is null) as cancelled, avg(dep_delay) as mean_dep_delay,
                max(dep_delay) as max_dep_delay, quantile_cont(dep_delay, 0.9) as p90_dep_delay
            from departures group by all;
            create table departures_enriched as
            select d.*, a.name as airline, p.manufacturer, p.model, p.seats, w.time_hour as weather_at, w.temp, w.wind_speed
            from departures d left join \(plain("airlines")) a on a.carrier = d.carrier
            left join \(plain("planes")) p on p.tailnum = d.tailnum
            asof left join \(csv("weather")) w on w.origin = d.origin and d.scheduled_at >= w.time_hour;
            """)
        return (clock.nowMicros() - started, ProcessUsage.cpuMicros - cpu)
    }
}
