import Columnar
import Foundation
import Testing

@testable import HTTPServer

/// What the server sends back to raw bytes until it closes; given up after a minute, which is no measure of anything.
private func conversed(port: Int, _ request: String) -> (text: String, closed: Bool) {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var timeout = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { return ("not connected", false) }
    let bytes = Array(request.utf8)
    unsafe bytes.withUnsafeBytes { bytes in _ = unsafe send(socket, bytes.baseAddress, bytes.count, 0) }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        if count <= 0 { return (String(decoding: received, as: UTF8.self), count == 0) }
        received += buffer[..<count]
    }
}

@Test(arguments: [
    ("GET / HTTP/1.0\r\n\r\n", "200", true), ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", false),
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200", false),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "200", true),
    ("GET / HTTP/1.1\r\n\r\n", "400", true), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", true),
    ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", "400", true), ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400", false),
    ("GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n", "431", true),
    ("nonsense\r\n\r\n", "501", true), ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405", false),
    ("POST /openapi.json HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405", false),
    ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "501", true),
    ("OPTIONS /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n", "204", false),
    ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "200", false), ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404", false),
])
func requestsAreAnsweredByTheBook(request: String, status: String, closes: Bool) async throws {
    let server = try await HTTPService.start(
        .init(port: 0),
        routes: [
            RestRoutes(title: "t", version: "1", endpoints: [], data: NoData()), IndexRoutes(title: "t", entries: []),
        ])
    // A connection that stays open answers the next request too; one that does not is closed behind the first answer.
    let next = closes ? "" : "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    let answer = await converse(port: server.boundPort, request + next)
    await server.shutdown()
    let starts = answer.text.ranges(of: try Regex("HTTP/1[.]1 [0-9]{3} ")).map(\.lowerBound) + [answer.text.endIndex]
    #expect(answer.closed && starts.count == (closes ? 2 : 3), "\(answer.text.prefix(300))")
    let head = String(answer.text[..<starts[min(1, starts.count - 1)]]).components(separatedBy: "\r\n\r\n")
    #expect(head[0].hasPrefix("HTTP/1.1 \(status)"), "\(answer.text.prefix(300))")
    if !["200", "204"].contains(status) {
        #expect(head[0].lowercased().contains("content-type: application/problem+json"), "\(head[0])")
        #expect(head.last?.contains("\"code\":\"HTTP-") == true)
    }
    if status == "405" || status == "204" { #expect(head[0].contains("Allow: GET, HEAD, OPTIONS")) }
    if request.hasPrefix("HEAD") { #expect(head.last == "", "no body") }
}

/// A good request before a bad one is still answered first.
@Test func refusalsWaitForTheirTurn() async throws {
    let server = try await HTTPService.start(.init(port: 0), routes: [IndexRoutes(title: "t", entries: [])])
    let answer = await converse(port: server.boundPort, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    await server.shutdown()
    let statuses = answer.text.components(separatedBy: "HTTP/1.1 ").map { String($0.prefix(3)) }.filter {
        Int($0) != nil
    }
    #expect(statuses == ["200", "400"] && answer.closed)
}

/// Away from the threads that the server's tasks run on, which a test must not block.
private func converse(port: Int, _ request: String) async -> (text: String, closed: Bool) {
    await withCheckedContinuation { ended in
        Thread.detachNewThread { ended.resume(returning: conversed(port: port, request)) }
    }
}

private struct NoData: RestData {
    func version(of endpoint: RestEndpoint) throws -> String? { nil }
    func rows(_ sql: String, parameters: [Scalar]) throws -> RestRows { RestRows(batches: []) }
}
