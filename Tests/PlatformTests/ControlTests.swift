import Base
import Columnar
import Foundation
import HTTPServer
import Synchronization
import Testing
import Warehouse

@testable import Platform

private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("control-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

@Test(arguments: [
    (["host": "localhost:8080", "authorization": "Bearer secret"], true),
    (["host": "127.0.0.1", "authorization": "Bearer secret"], true),
    (["host": "[::1]:8080", "authorization": "Bearer secret"], true),
    (["host": "Example.net:1", "authorization": "Bearer secret"], true),
    (["host": "evil.com", "authorization": "Bearer secret"], false),
    (["host": "localhost.evil.com:8080", "authorization": "Bearer secret"], false),
    (["host": "localhost", "authorization": "Bearer secret", "origin": "https://evil.com"], false),
    (["host": "localhost", "authorization": "Bearer secret", "origin": "null"], false),
    (["host": "localhost"], false), (["host": "localhost", "authorization": "Bearer secre"], false),
    (["host": "localhost", "authorization": "Bearer secrets"], false),
    (["host": "localhost", "authorization": ""], false), (["authorization": "Bearer secret"], false),
])
func controlIsForThoseWhoKnowTheToken(headers: [String: String], isAllowed: Bool) {
    let access = ControlAccess(token: "secret", host: "example.net")
    let refusal = access.refusal(of: HTTPExchange(method: "POST", path: "/gariep/sql", headers: headers))
    #expect((refusal == nil) == isAllowed, "\(String(describing: refusal))")
}

@Test func tokensAreLongAndDiffer() {
    var random = SystemRandomNumberGenerator()
    let tokens = (0..<10).map { _ in ControlAccess.makeToken(&random) }
    #expect(Set(tokens).count == 10 && tokens.allSatisfy { $0.count == 64 })
}

@Test func onlyTheOwnerReadsTheToken() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let endpoints = Endpoints(processID: 7, host: "127.0.0.1", kafka: 1, registry: 2, http: 3)
    let file = EndpointsFile(endpoints: endpoints, token: "secret")
    // An older file that others can read is replaced, not reused.
    let name = DataDirectory.endpointsFile(in: path)
    try "{}".write(toFile: name, atomically: true, encoding: .utf8)
    try file.write(to: name)
    try file.write(to: name)
    let mode = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(EndpointsFile.ofRunning(dataDirectory: path) == nil, "nobody has the folder open")
    let directory = try DataDirectory(path: path)
    try file.write(to: name)
    #expect(EndpointsFile.ofRunning(dataDirectory: path) == file)
    #expect(Endpoints.ofRunning(dataDirectory: path) == endpoints)
    #expect(!"\(try JSONEncoder().encode(endpoints))".contains("secret"))
    directory.release()
}

@Test func changedFilesOfAProjectAreNamed() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }
    try write("gariep.yaml", "name: shop\n")
    try write("models/a.sql", "select 1")
    try write("models/deep/b.sql", "select 2")
    try write("data/orders.csv", "a\n1\n")
    let options = PlatformOptions(projectDirectory: path)
    let started = ProjectFingerprint(options)
    #expect(ProjectFingerprint(options) == started)
    #expect(ProjectFingerprint(encoded: started.encoded) == started)
    #expect(ProjectFingerprint(encoded: []) == nil)
    try write("data/orders.csv", "a\n2\n")
    try write(".gariep/endpoints.yaml", "x")
    #expect(ProjectFingerprint(options).changes(since: started) == [])
    try write("models/a.sql", "select 10")
    try write("models/new.sql", "select 3")
    try FileManager.default.removeItem(atPath: "\(path)/models/deep/b.sql")
    #expect(
        ProjectFingerprint(options).changes(since: started) == [
            "models/a.sql (changed)", "models/deep/b.sql (gone)", "models/new.sql (new)",
        ])
}

@Test func equalNamesGetNumbers() {
    let schema = Schema(["a", "A", "a_1", "b", "a"].map { Field($0, .int32) })
    #expect(QueryFormat.distinct(schema).fields.map(\.name) == ["a", "A_2", "a_1", "b", "a_3"])
}

@Test func answersAreWrittenInEveryFormat() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let queries = QueryAnswering(engine: try DuckDBWarehouse(path: nil), temporaryDirectory: path)
    func ask(_ sql: String, _ format: QueryFormat, rowsMax: Int? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try queries.run(sql, format: format, rowsMax: rowsMax).forEachPiece { bytes += $0 }
        return bytes
    }
    func text(_ sql: String, _ format: QueryFormat, rowsMax: Int? = nil) throws -> String {
        String(decoding: try ask(sql, format, rowsMax: rowsMax), as: UTF8.self)
    }
    #expect(try text("select 1 as a, 2 as a", .csv) == "a,a_1\n1,2\n")
    #expect(
        try text("select 1 as a, 2 as a", .json)
            == #"{"columns":[{"name":"a","type":"INTEGER"},{"name":"a_1","type":"INTEGER"}],"data":[{"a":1,"a_1":2}],"truncated":false}"#
    )
    #expect(
        try text("select 1 as a, true as a, 120.50::decimal(9, 2) as p, null as n", .shown)
            .contains(#""data":[["1","true","120.50",null]],"truncated":false}"#))
    #expect(try text("from range(5)", .shown, rowsMax: 2).hasSuffix(#"[["0"],["1"]],"truncated":true}"#))
    #expect(try text("select 1 as a where false", .csv) == "a\n")
    #expect(try ask("from range(200000)", .parquet).prefix(4) == Array("PAR1".utf8)[...])
    #expect(try ask("from range(200000)", .arrow).count > 1_600_000)
    #expect(try text("from range(200000)", .csv).split(separator: "\n").count == 200_001)
    #expect(throws: WarehouseError.self) { try ask("select error('x') from range(3)", .json) }
    #expect(throws: WarehouseError.notAQuery("explain analyze copy (select 1) to '/tmp/never.csv'")) {
        try ask("explain analyze copy (select 1) to '/tmp/never.csv'", .csv)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [], "no file is left behind")
    let gone = HTTPCancellation()
    gone.cancel()
    #expect(throws: WarehouseError.self) {
        try queries.run(
            "select count(*) from range(100000000) a, range(100000) b", format: .csv, rowsMax: nil, cancellation: gone)
    }
}

/// Off the threads that tasks share, which must not be blocked.
private func aside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Answers when it is let go.
private final class Gate: HTTPRoutes {
    let isOpen = Mutex(false)

    func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        guard exchange.path == "/wait" else { return HTTPAnswer(body: exchange.body) }
        while !isOpen.withLock({ $0 }) { usleep(10_000) }
        return HTTPAnswer(body: Array("at last".utf8))
    }
}

@Test func theClientWaitsWithoutWorkAndTellsWhatWentWrong() async throws {
    let gate = Gate()
    let service = try await HTTPService.start(.init(port: 0), routes: [gate])
    let port = service.boundPort
    @Sendable func ask(_ path: String, body: [UInt8] = [], timeoutSeconds: Int? = nil) throws -> String {
        let socket = try ControlSocket(host: "localhost", port: port, timeoutSeconds: timeoutSeconds)
        try socket.send(
            Array("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        var (_, left) = try socket.readHead()
        var answer: [UInt8] = []
        while let wanted = left, wanted > 0, let piece = try socket.readSome(atMost: wanted) {
            answer += piece
            left = wanted - piece.count
        }
        return String(decoding: answer, as: UTF8.self)
    }
    let large = String(repeating: "0123456789", count: 300_000)
    #expect(try await aside { try ask("/echo", body: Array(large.utf8)) } == large)
    await #expect(throws: ControlSocket.Problem(text: "it says nothing")) {
        try await aside { try ask("/wait", timeoutSeconds: 1) }
    }
    let waiting = Task.detached { try await aside { try ask("/wait") } }
    try await Task.sleep(for: .milliseconds(300))
    gate.isOpen.withLock { $0 = true }
    #expect(try await waiting.value == "at last")
    await service.shutdown()
    await #expect(throws: ControlSocket.Problem.self) { try await aside { try ask("/echo") } }
}
