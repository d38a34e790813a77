internal import ArgumentParser
internal import Base
internal import DuckDB
internal import Foundation
internal import Platform

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look for what is missing, and name the command that mends it.",
        discussion: """
            Looks at this machine, the libraries, and the project if there is one. Nothing is changed, and nothing started.
            The exit code is 3 if something has to be mended.

              gariep doctor --project Examples/flights
            """)

    @OptionGroup var project: ProjectOptions

    func run() async throws {
        var findings = MachineCheck.findings() + LibraryCheck.findings()
        if let checkout = Checkout.directory { findings.append(Checkout.bootstrapFinding(checkout)) }
        do {
            let options = try project.platformOptions()
            findings += ProjectCheck(options).findings()
        } catch CommandFailure.noProject(let folder) {
            findings.append(Finding("project", "none in \(folder) or above; its folder and ports were not looked at"))
        }

        var table = TextTable(["what", "found", ""])
        table.rows = findings.map { [$0.what, $0.found, $0.mend == nil ? "ok" : "MISSING"] }
        Terminal.print(table.rendered(width: Terminal.width))
        let problems = findings.compactMap { finding in finding.mend.map { (finding, $0) } }
        guard !problems.isEmpty else { return Terminal.note("nothing is missing") }
        for (finding, mend) in problems {
            Terminal.note("\n\(finding.what): \(finding.found)\n  to do:    \(mend)")
        }
        throw ExitCode(3)
    }
}

/// One thing that was looked at.
private struct Finding {
    let what: String
    let found: String
    /// What to do about it, with the command; nil where nothing is wrong.
    let mend: String?

    init(_ what: String, _ found: String, mend: String? = nil) {
        self.what = what
        self.found = found
        self.mend = mend
    }
}

// MARK: The machine

private enum MachineCheck {
    /// Segments, sockets and RocksDB's files are open at once; below this a large project runs out.
    private static let openFilesMin: UInt64 = 1024

    static func findings() -> [Finding] {
        let system = ProcessInfo.processInfo
        let cores = system.activeProcessorCount
        return [
            Finding("system", "\(system.operatingSystemVersionString), \(cores) core\(cores == 1 ? "" : "s")"),
            Finding("Swift", "built with \(compiler)"), openFiles(),
        ]
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    private static func openFiles() -> Finding {
        var limit = rlimit()
        #if os(Linux)
            let result = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let result = unsafe getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard result == 0 else { return Finding("open files", "the system does not tell its limit") }
        let allowed = UInt64(limit.rlim_cur)
        return Finding(
            "open files", "at most \(allowed > 1 << 40 ? "any number" : String(allowed))",
            mend: allowed >= openFilesMin
                ? nil : "Raise the limit before starting gariep: ulimit -n \(min(65_536, UInt64(limit.rlim_max)))")
    }

    /// What programs could still get without anything being pushed out, in bytes; nil where the system does not tell.
    static var availableMemoryBytes: Int? {
        var available: Int?
        for line in lines(of: "/proc/meminfo") where line.hasPrefix("MemAvailable:") {
            available = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }
        // A container may have less than its machine.
        let limit = lines(of: "/sys/fs/cgroup/memory.max").first.flatMap { Int($0) }
        let used = lines(of: "/sys/fs/cgroup/memory.current").first.flatMap { Int($0) }
        guard let limit, let used else { return available }
        return min(available ?? .max, max(0, limit - used))
    }

    private static func lines(of path: String) -> [Substring] {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
            ?? []
    }
}

// MARK: Libraries

/// The native libraries that this process has loaded: what it really runs with, not what lies on a disk.
private enum LibraryCheck {
    private static let libraries = [
        (what: "DuckDB", file: "libduckdb."), (what: "Arrow C++", file: "libarrow."),
        (what: "Parquet", file: "libparquet."),
        (what: "RocksDB", file: "librocksdb."), (what: "librdkafka", file: "librdkafka."),
    ]

    static func findings() -> [Finding] {
        // Read to its end by hand: the system gives this file in pieces, and its size as 0.
        guard let maps = FileHandle(forReadingAtPath: "/proc/self/maps")?.readDataToEndOfFile() else {
            return [Finding("DuckDB", DuckDBDatabase.version)]
        }
        let paths = Set(
            String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
                line.firstIndex(of: "/").map { String(line[$0...]) }
            })
        return libraries.map { library in
            guard let path = paths.first(where: { name(of: $0).hasPrefix(library.file) }) else {
                return Finding(
                    library.what, library.what == "DuckDB" ? DuckDBDatabase.version : "linked into the program")
            }
            // A library that was replaced on disk stays mapped until the program is started again.
            if path.hasSuffix(" (deleted)") {
                return Finding(
                    library.what, "its file was removed or replaced",
                    mend: "Run scripts/bootstrap, and start gariep again.")
            }
            let version = library.what == "DuckDB" ? DuckDBDatabase.version : version(path, library.file)
            return Finding(library.what, version.isEmpty ? path : "\(version), \(path)")
        }
    }

    private static func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }

    /// `7.8.3` of `librocksdb.so.7.8.3`; `26.0` of `libarrow.so.2600`, whose numbers have two digits each. A single number
    /// counts the library's interfaces, which says nothing of its version.
    private static func version(_ path: String, _ file: String) -> String {
        let ending = name(of: path).dropFirst(file.count).drop { !$0.isNumber }
        guard file == "libarrow." || file == "libparquet.", let number = Int(ending.prefix { $0.isNumber }),
            number >= 100
        else { return ending.contains(".") ? String(ending) : "" }
        return "\(number / 100).\(number % 100)"
    }
}

// MARK: The checkout

private enum Checkout {
    /// The checkout that this program was built in, if it lies in one.
    static var directory: String? {
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.isExecutableFile(atPath: "\(folder.path)/scripts/bootstrap") { return folder.path }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    static func bootstrapFinding(_ checkout: String) -> Finding {
        let what = "what bootstrap brings"
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "\(checkout)/scripts/bootstrap")
        process.arguments = ["--check"]
        process.currentDirectoryURL = URL(fileURLWithPath: checkout)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        do { try process.run() } catch {
            return Finding(
                what, "scripts/bootstrap does not start: \(error.localizedDescription)",
                mend: "Install bash: apt-get install bash")
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return Finding(what, "all of it is in \(checkout)/.deps") }
        let said = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let missing = said.filter { $0.hasPrefix("missing: ") }.map { $0.dropFirst("missing: ".count) }
        return Finding(
            what,
            missing.isEmpty
                ? said.last.map(String.init) ?? "the check failed" : "lacks " + missing.joined(separator: ", "),
            mend: "\(checkout)/scripts/bootstrap")
    }
}

// MARK: The project

private struct ProjectCheck {
    private let places: ProjectPlaces
    private let host: String
    private let running: Endpoints?

    /// Below this, a checkpoint or a rebuilt table may not fit.
    private static let freeDiskMin = 1 << 30

    init(_ options: PlatformOptions) {
        places = ProjectPlaces(options)
        host = options.host
        running = Endpoints.ofRunning(dataDirectory: places.dataDirectory)
    }

    func findings() -> [Finding] {
        [dataFolder(), disk(), memory()]
            + [
                port("kafka", places.kafkaPort, running?.kafka),
                port("registry", places.registryPort, running?.registry),
                port("http", places.httpPort, running?.http),
            ]
    }

    /// The data folder, or the folder that it would be made in.
    private var nearestFolder: String {
        var folder = URL(fileURLWithPath: places.dataDirectory)
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path) {
            folder.deleteLastPathComponent()
        }
        return folder.path
    }

    private func dataFolder() -> Finding {
        let what = "data folder"
        let path = places.dataDirectory
        if let running { return Finding(what, "\(path), open in process \(running.processID)") }
        let nearest = nearestFolder
        var isFolder: ObjCBool = false
        _ = unsafe FileManager.default.fileExists(atPath: nearest, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            return Finding(
                what, "\(nearest) is a file", mend: "Move it away, or choose another folder with --data-dir.")
        }
        guard FileManager.default.isWritableFile(atPath: nearest) else {
            return Finding(
                what, "\(nearest) cannot be written",
                mend: "sudo chown -R \"$USER\" '\(nearest)', or choose another folder with --data-dir.")
        }
        return Finding(what, nearest == path ? "\(path), open in no process" : "\(path), not there yet")
    }

    private func disk() -> Finding {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: nearestFolder)
        guard let free = attributes?[.systemFreeSize] as? NSNumber else {
            return Finding("free disk", "the system does not tell")
        }
        return Finding(
            "free disk", "\(free.int64Value >> 20) MB where the data folder lies",
            mend: free.int64Value >= Int64(Self.freeDiskMin)
                ? nil
                : "Free 1 GB there (`du -xh '\(nearestFolder)' | sort -h | tail` shows what is large), or use --data-dir."
        )
    }

    private func memory() -> Finding {
        let wanted = "\(places.memoryBytes >> 20) MB for this project"
        guard let available = MachineCheck.availableMemoryBytes else { return Finding("memory", wanted) }
        let isEnough = running != nil || available >= places.memoryBytes
        return Finding(
            "memory", "\(available >> 20) MB available, \(wanted)",
            mend: isEnough ? nil : "Stop other programs, or lower `memory:` in gariep.yaml.")
    }

    private func port(_ service: String, _ port: Int, _ ours: Int?) -> Finding {
        let what = "\(service) port"
        if let ours, let running { return Finding(what, "\(ours), served by process \(running.processID)") }
        guard port != 0 else { return Finding(what, "any free one") }
        switch PortProbe.probe(port, host: host) {
        case .free: return Finding(what, "\(port) is free")
        case .taken:
            return Finding(
                what, "\(port) is taken by another program",
                mend:
                    "Stop that program (`ss -ltnp 'sport = :\(port)'` names it), or use --\(service)-port or `ports:` in gariep.yaml."
            )
        case .forbidden:
            return Finding(
                what, "\(port) may not be used by this user",
                mend: "Use a port above 1023, with --\(service)-port or `ports:` in gariep.yaml.")
        case .unusable(let problem):
            return Finding(
                what, "\(port) cannot be used: \(problem)",
                mend: "Use another port, with --\(service)-port or `ports:` in gariep.yaml.")
        }
    }
}
