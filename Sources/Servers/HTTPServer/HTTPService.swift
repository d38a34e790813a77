internal import Base
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

/// The HTTP server: reads requests whole, lets routes answer them on threads that may block, sends the answers.
public final class HTTPService: Sendable {
    public struct Configuration: Sendable {
        public var host: String
        /// 0 takes any free port.
        public var port: Int
        /// Larger request bodies are refused with 413.
        public var bodyBytesMax: Int
        public var workerThreads: Int

        public init(host: String = "127.0.0.1", port: Int, bodyBytesMax: Int = 16 << 20, workerThreads: Int = 4) {
            self.host = host
            self.port = port
            self.bodyBytesMax = bodyBytesMax
            self.workerThreads = workerThreads
        }
    }

    /// The port that the server really listens on.
    public let boundPort: Int
    private let group: ServiceGroup
    private let running: Task<Void, any Error>
    private let workers: NIOThreadPool

    private init(boundPort: Int, group: ServiceGroup, running: Task<Void, any Error>, workers: NIOThreadPool) {
        self.boundPort = boundPort
        self.group = group
        self.running = running
        self.workers = workers
    }

    /// Listens, and returns once requests are answered.
    public static func start(
        _ configuration: Configuration, routes: [any HTTPRoutes]
    ) async throws(HTTPServerError) -> HTTPService {
        let workers = NIOThreadPool(numberOfThreads: configuration.workerThreads)
        workers.start()
        let responder = Responder(routes: routes, workers: workers, bodyBytesMax: configuration.bodyBytesMax)
        let (ports, bound) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "gariep.http") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let application = Application(
            responder: responder,
            server: .http1(configuration: .init(additionalChannelHandlers: [ConnectionGateInstaller()])),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "gariep"),
            onServerRunning: { channel in
                bound.yield(channel.localAddress?.port ?? configuration.port)
                bound.finish()
            }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        let running = Task {
            defer { bound.finish() }
            try await group.run()
        }
        for await port in ports {
            return HTTPService(boundPort: port, group: group, running: running, workers: workers)
        }
        // The stream ended without a port: the server could not start, and its task knows why.
        try? await workers.shutdownGracefully()
        switch await running.result {
        case .success:
            throw .cannotListen(host: configuration.host, port: configuration.port, problem: "the server ended at once")
        case .failure(let error):
            if let error = error as? IOError, error.errnoCode == EADDRINUSE {
                throw .portTaken(host: configuration.host, port: configuration.port)
            }
            throw .cannotListen(host: configuration.host, port: configuration.port, problem: "\(error)")
        }
    }

    /// Answers what has been asked, then closes.
    public func shutdown() async {
        await group.triggerGracefulShutdown()
        _ = await running.result
        try? await workers.shutdownGracefully()
    }
}

/// Turns Hummingbird's requests into exchanges and answers into its responses.
private struct Responder: HTTPResponder {
    typealias Context = BasicRequestContext

    let routes: [any HTTPRoutes]
    let workers: NIOThreadPool
    let bodyBytesMax: Int

    func respond(to request: Request, context: Context) async throws -> Response {
        let uri = request.uri.string
        let sides = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = PercentCoding.decode(sides[0], plusIsSpace: false),
            let query = sides.count == 2 ? PercentCoding.query(sides[1]) : []
        else {
            return Self.response(
                Problem(
                    status: 400, title: "Malformed URL", detail: uri, code: "HTTP-005",
                    hint: "Percent-encode the URL (RFC 3986)."
                ).answer, head: false)
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bodyBytesMax)
        } catch is NIOTooManyBytesError {
            return Self.response(
                Problem(
                    status: 413, title: "Body too large", detail: "more than \(bodyBytesMax) bytes", code: "HTTP-006",
                    hint: "Send less at once."
                ).answer, head: false)
        }
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        // Routes need not know of HEAD: it is GET without the body.
        let isHead = request.method == .head
        let exchange = HTTPExchange(
            method: isHead ? "GET" : request.method.rawValue, path: path, rawPath: String(sides[0]), query: query,
            headers: headers,
            body: Array(buffer: body))
        let answer = try await workers.runIfActive { [routes] in
            for family in routes { if let answer = family.answer(exchange) { return answer } }
            return Problem(
                status: 404, title: "Not found", detail: "nothing is at \(path)", code: "HTTP-007",
                hint: "GET / lists what there is."
            ).answer
        }
        return Self.response(answer, head: isHead)
    }

    private static func response(_ answer: HTTPAnswer, head: Bool) -> Response {
        var headers = HTTPFields()
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { headers.append(HTTPField(name: name, value: header.value)) }
        }
        let response = Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        return head ? response.createHeadResponse() : response
    }
}
