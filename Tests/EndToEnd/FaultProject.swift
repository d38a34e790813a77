import Foundation
import Testing

/// A small project in a folder of its own, and the commands that are run on it.
final class FaultProject {
    let folder: TemporaryFolder
    /// Where the platform keeps everything; a test may put it on another disk.
    var dataDirectory: String
    var path: String { folder.url.appendingPathComponent("project").path }

    private init() throws {
        folder = try TemporaryFolder()
        dataDirectory = folder.url.appendingPathComponent("data").path
    }

    /// What `gariep init` makes: one CSV source, a view, a table and an endpoint.
    static func shop() throws -> FaultProject {
        let project = try FaultProject()
        let made = try GariepProcess.run(GariepProcess.program, ["init", project.path])
        try #require(made.status == 0, "\(made.output)")
        return project
    }

    static let flightFiles = GariepProcess.root.appendingPathComponent(".deps/flights")
    static var hasFlights: Bool {
        FileManager.default.fileExists(atPath: flightFiles.appendingPathComponent("flights.csv").path)
    }

    /// Examples/flights on its first departures, with two broken records among them.
    static func flights(rows: Int) throws -> FaultProject {
        let project = try FaultProject()
        let files = FileManager.default
        try files.copyItem(
            at: GariepProcess.root.appendingPathComponent("Examples/flights"), to: URL(fileURLWithPath: project.path))
        let source = try project.text("sources/nycflights.yaml")
            .replacingOccurrences(of: "../../.deps/flights/", with: "data/")
            .replacingOccurrences(of: "idle_after: 5 seconds", with: "idle_after: 500 milliseconds")
        try project.write("sources/nycflights.yaml", source)
        try project.write(
            "sources/broken_records.yaml",
            """
            - { after: 0, key: EWR, value: '', why: no value at all }
            - { after: 10, key: JFK, value: '01', why: a magic byte that is not 0 }

            """)
        for (name, lines) in [
            ("flights", rows), ("weather", 200), ("airlines", .max), ("airports", .max), ("planes", .max),
        ] {
            let all = try String(contentsOf: flightFiles.appendingPathComponent("\(name).csv"), encoding: .utf8)
            let kept = lines == .max ? all : all.split(separator: "\n").prefix(lines + 1).joined(separator: "\n") + "\n"
            try project.write("data/\(name).csv", kept)
        }
        return project
    }

    // MARK: Files

    func text(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

    func write(_ file: String, _ text: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    func replace(_ old: String, with new: String, in file: String) throws {
        let before = try text(file)
        try #require(before.contains(old))
        try write(file, before.replacingOccurrences(of: old, with: new))
    }

    /// The newest segment of a partition that has records.
    func segment(of topic: String, partition: Int = 0) throws -> String {
        let directory = "\(dataDirectory)/log/topics/\(topic)/\(partition)"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".log") }
        return "\(directory)/\(try #require(names.max()))"
    }

    // MARK: Commands

    /// Runs a command on the project to its end.
    func gariep(_ arguments: String..., seconds: Double = 60) throws -> (status: Int32?, output: String) {
        try GariepProcess.run(
            GariepProcess.program, arguments + ["--project", path, "--data-dir", dataDirectory], seconds: seconds)
    }

    static let anyPorts = ["--kafka-port", "0", "--registry-port", "0", "--http-port", "0"]

    func upArguments(_ more: [String] = [], ports: [String] = anyPorts) -> [String] {
        ["up", "--project", path, "--data-dir", dataDirectory] + ports + more
    }

    /// Starts the platform and waits until it says where it listens.
    func up(_ more: [String] = []) throws -> GariepProcess {
        let process = try GariepProcess(upArguments(more), in: folder.url)
        try #require(eventually { process.text.contains("REST  ") || !process.isRunning }, "\(process.text)")
        try #require(process.isRunning, "\(process.text)")
        return process
    }

    /// Runs until everything that came in has gone all the way, and stops cleanly.
    func runUntilSettled() throws {
        let (status, output) = try GariepProcess.run(
            GariepProcess.program, upArguments(["--replay-speed", "max", "--until-settled"]), seconds: 60)
        try #require(status == 0 && output.contains("everything is on disk"), "\(output)")
    }

    /// One number that a query answers with.
    func number(_ query: String) throws -> Int? {
        let (status, output) = try gariep("sql", "--output", "csv", query)
        try #require(status == 0, "\(output)")
        return output.split(whereSeparator: \.isNewline).last.flatMap { Int($0) }
    }

    func rows(_ query: String) throws -> String {
        let (status, output) = try gariep("sql", "--output", "csv", query)
        try #require(status == 0, "\(output)")
        return output
    }

    /// Stops the platform and checks that it says so.
    func stop(_ process: GariepProcess, _ signal: Int32 = SIGTERM) {
        process.kill(signal)
        #expect(process.wait(seconds: 30) == 0, "\(process.text)")
        #expect(process.text.contains("everything is on disk"), "\(process.text)")
    }
}

/// Asks again and again, for so many seconds at the most.
func eventually(seconds: Double = 30, _ holds: () throws -> Bool) rethrows -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
        if try holds() { return true }
        usleep(50_000)
    }
    return try holds()
}

/// A port of this machine that something else listens on, for as long as this lives.
final class TakenPort {
    let port: Int
    private let descriptor: Int32

    init() throws {
        let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptor = taken
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(taken, raw, length) == 0 && listen(taken, 1) == 0 && getsockname(taken, raw, &length) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
