import Base
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

/// `/slow` works until it is cancelled, `/large` answers with a file, all else at once with its path.
private final class Workshop: HTTPRoutes {
    let begun = Mutex(0)
    let cancelled = Mutex(0)

    func lane(_ path: String) -> HTTPLane? { path == "/slow" ? .work : path == "/status" ? .control : nil }

    func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        switch exchange.path {
        case "/slow":
            begun.withLock { $0 += 1 }
            let over = DispatchSemaphore(value: 0)
            exchange.cancellation.handling({ over.signal() }) { over.wait() }
            cancelled.withLock { $0 += 1 }
            return HTTPAnswer(status: 503)
        case "/large":
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("body-\(UUID().uuidString)").path
            let line = Array("0123456789abcde\n".utf8)
            let made = FileManager.default.createFile(
                atPath: path, contents: Data((0..<100_000).flatMap { _ in line }))
            guard made, let file = try? BodyFile(taking: path) else { return HTTPAnswer(status: 500) }
            guard !FileManager.default.fileExists(atPath: path) else { return HTTPAnswer(status: 500) }
            var answer = HTTPAnswer()
            answer.file = file
            return answer
        case "/host": return HTTPAnswer(body: Array((exchange.headers["host"] ?? "none").utf8))
        default: return HTTPAnswer(body: Array(exchange.path.utf8))
        }
    }
}

/// A connection that sends one request and may go away before the answer.
private final class Client {
    let descriptor: Int32

    init(_ port: Int, _ path: String, host: String = "localhost") throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
        }
        try #require(connected == 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        let count = unsafe request.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
        try #require(count == request.count)
    }

    deinit { close(descriptor) }

    /// Head and body.
    func answer() -> String {
        var all: [UInt8] = []
        while true {
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
                filled = max(0, unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0))
            }
            if piece.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += piece
        }
    }
}

/// Off the threads that tasks share, which must not be blocked.
private func aside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
}

private func eventually(_ holds: () -> Bool) async throws -> Bool {
    for _ in 0..<500 where !holds() { try await Task.sleep(for: .milliseconds(20)) }
    return holds()
}

@Test func slowWorkKeepsNobodyWaitingAndEndsWithItsClient() async throws {
    let workshop = Workshop()
    let service = try await HTTPService.start(.init(port: 0, workerThreads: 2), routes: [workshop])
    var clients = try (0..<6).map { _ in try Client(service.boundPort, "/slow") }
    #expect(try await eventually { workshop.begun.withLock { $0 } == 2 })
    #expect(try await aside { try Client(service.boundPort, "/v1/things").answer() }.hasSuffix("/v1/things"))
    #expect(try await aside { try Client(service.boundPort, "/status").answer() }.hasSuffix("/status"))
    #expect(clients.count == 6 && workshop.cancelled.withLock { $0 } == 0)
    // The clients go, one after the other's turn has come.
    clients = []
    #expect(try await eventually { workshop.cancelled.withLock { $0 } == 6 })
    await service.shutdown()
}

@Test func stoppingCancelsWorkAndDoesNotWaitForReaders() async throws {
    let workshop = Workshop()
    let service = try await HTTPService.start(.init(port: 0, workerThreads: 2, graceSeconds: 1), routes: [workshop])
    let clients = try (0..<3).map { _ in try Client(service.boundPort, "/slow") }
    // Nobody reads what this one is sent.
    let lazy = try Client(service.boundPort, "/large")
    #expect(try await eventually { workshop.begun.withLock { $0 } == 2 })
    let started = ContinuousClock.now
    await service.shutdown()
    #expect(ContinuousClock.now - started < .seconds(10))
    withExtendedLifetime((clients, lazy)) {}
}

@Test func largeAnswersComeFromAFile() async throws {
    let service = try await HTTPService.start(.init(port: 0), routes: [Workshop()])
    let answer = try await aside { try Client(service.boundPort, "/large").answer() }
    let sides = answer.split(separator: "\r\n\r\n", maxSplits: 1)
    #expect(sides.count == 2 && sides[0].lowercased().contains("content-length: 1600000"))
    #expect(sides.last?.utf8.count == 1_600_000 && sides.last?.hasSuffix("0123456789abcde\n") == true)
    #expect(
        try await aside { try Client(service.boundPort, "/host", host: "evil.com:81").answer() }.hasSuffix(
            "evil.com:81"))
    await service.shutdown()
}
