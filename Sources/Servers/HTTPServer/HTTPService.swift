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
        /// Threads of each lane.
        public var workerThreads: Int
        /// How long clients may take for answers that they still read when the server stops.
        public var graceSeconds: Int64

        public init(
            host: String = "127.0.0.1", port: Int, bodyBytesMax: Int = 16 << 20, workerThreads: Int = 4,
            graceSeconds: Int64 = 5
        ) {
            self.host = host
            self.port = port
            self.bodyBytesMax = bodyBytesMax
            self.workerThreads = workerThreads
            self.graceSeconds = graceSeconds
        }
    }

    /// The port that the server really listens on.
    public let boundPort: Int
    private let group: ServiceGroup
    private let running: Task<Void, any Error>
    private let lanes: Lanes
    private let work: WorkInProgress

    private init(
        boundPort: Int, group: ServiceGroup, running: Task<Void, any Error>, lanes: Lanes, work: WorkInProgress
    ) {
        self.boundPort = boundPort
        self.group = group
        self.running = running
        self.lanes = lanes
        self.work = work
    }

    /// Listens, and returns once requests are answered.
    public static func start(
        _ configuration: Configuration, routes: [any HTTPRoutes]
    ) async throws(HTTPServerError) -> HTTPService {
        let lanes = Lanes(threads: configuration.workerThreads)
        let work = WorkInProgress()
        let responder = Responder(routes: routes, lanes: lanes, work: work, bodyBytesMax: configuration.bodyBytesMax)
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
        var services = ServiceGroupConfiguration(services: [application], logger: logger)
        services.maximumGracefulShutdownDuration = .seconds(configuration.graceSeconds)
        let group = ServiceGroup(configuration: services)
        let running = Task {
            defer { bound.finish() }
            try await group.run()
        }
        for await port in ports {
            return HTTPService(boundPort: port, group: group, running: running, lanes: lanes, work: work)
        }
        // The stream ended without a port: the server could not start, and its task knows why.
        await lanes.shutdown()
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

    /// Cancels all work, and from now on whatever more is asked for.
    public func cancelWork() { work.cancelAll() }

    /// Cancels all work, answers what else has been asked, then closes.
    public func shutdown() async {
        cancelWork()
        await group.triggerGracefulShutdown()
        _ = await running.result
        await lanes.shutdown()
    }
}

/// The threads of each lane.
private struct Lanes: Sendable {
    private let pools: [HTTPLane: NIOThreadPool]

    init(threads: Int) {
        pools = Dictionary(
            uniqueKeysWithValues: HTTPLane.allCases.map { ($0, NIOThreadPool(numberOfThreads: threads)) })
        for pool in pools.values { pool.start() }
    }

    func run<Result: Sendable>(_ lane: HTTPLane, _ body: @escaping @Sendable () throws -> Result) async throws -> Result
    {
        guard let pool = pools[lane] else { throw CancellationError() }
        return try await pool.runIfActive(body)
    }

    func shutdown() async { for pool in pools.values { try? await pool.shutdownGracefully() } }
}

/// The work that somebody waits for.
private final class WorkInProgress: Sendable {
    private struct State {
        var isOver = false
        var cancellations: [ObjectIdentifier: HTTPCancellation] = [:]
    }

    private let state = Mutex(State())

    func begin(_ cancellation: HTTPCancellation) {
        let isOver = state.withLock { state in
            state.cancellations[ObjectIdentifier(cancellation)] = cancellation
            return state.isOver
        }
        if isOver { cancellation.cancel() }
    }

    func end(_ cancellation: HTTPCancellation) {
        state.withLock { $0.cancellations[ObjectIdentifier(cancellation)] = nil }
    }

    func cancelAll() {
        let cancellations = state.withLock { state in
            state.isOver = true
            return Array(state.cancellations.values)
        }
        for cancellation in cancellations { cancellation.cancel() }
    }
}

/// Turns Hummingbird's requests into exchanges and answers into its responses.
private struct Responder: HTTPResponder {
    typealias Context = BasicRequestContext

    let routes: [any HTTPRoutes]
    let lanes: Lanes
    let work: WorkInProgress
    let bodyBytesMax: Int

    func respond(to request: Request, context: Context) async throws -> Response {
        let uri = request.uri.string
        let sides = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = PercentCoding.decode(sides[0], plusIsSpace: false),
            let query = sides.count == 2 ? PercentCoding.query(sides[1]) : []
        else {
            return response(
                Problem(
                    status: 400, title: "Malformed URL", detail: uri, code: "HTTP-005",
                    hint: "Percent-encode the URL (RFC 3986)."
                ).answer, head: false)
        }
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        // Whatever the version of HTTP calls it.
        if let authority = request.head.authority { headers["host"] = authority }
        let cancellation = HTTPCancellation()
        let fields = headers
        func exchange(_ body: [UInt8]) -> HTTPExchange {
            HTTPExchange(
                // Routes need not know of HEAD: it is GET without the body.
                method: request.method == .head ? "GET" : request.method.rawValue, path: path,
                rawPath: String(sides[0]), query: query, headers: fields,
                body: body, cancellation: cancellation)
        }
        let lane = routes.lazy.compactMap { $0.lane(path) }.first ?? .api
        guard lane == .work else { return try await answer(request, request.body, lane, exchange) }
        work.begin(cancellation)
        defer { work.end(cancellation) }
        return try await request.body.consumeWithInboundCloseHandler { body in
            try await answer(request, body, lane, exchange)
        } onInboundClosed: {
            cancellation.cancel()
        }
    }

    /// Reads the body, and lets the routes answer.
    private func answer(
        _ request: Request, _ body: RequestBody, _ lane: HTTPLane, _ exchange: ([UInt8]) -> HTTPExchange
    ) async throws -> Response {
        let bytes: ByteBuffer
        do {
            bytes = try await body.collect(upTo: bodyBytesMax)
        } catch is NIOTooManyBytesError {
            return response(
                Problem(
                    status: 413, title: "Body too large", detail: "more than \(bodyBytesMax) bytes", code: "HTTP-006",
                    hint: "Send less at once."
                ).answer, head: false)
        }
        let exchange = exchange(Array(buffer: bytes))
        let answer = try await lanes.run(lane) { [routes] in
            for family in routes { if let answer = family.answer(exchange) { return answer } }
            return Problem(
                status: 404, title: "Not found", detail: "nothing is at \(exchange.path)", code: "HTTP-007",
                hint: "GET / lists what there is."
            ).answer
        }
        return response(answer, head: request.method == .head)
    }

    private func response(_ answer: HTTPAnswer, head: Bool) -> Response {
        var headers = HTTPFields()
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { headers.append(HTTPField(name: name, value: header.value)) }
        }
        let body = answer.file.map(body) ?? ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        let response = Response(status: .init(code: answer.status), headers: headers, body: body)
        return head ? response.createHeadResponse() : response
    }

    /// Reads the file as fast as the client takes it.
    private func body(_ file: BodyFile) -> ResponseBody {
        ResponseBody(contentLength: file.byteCount) { [lanes] writer in
            var offset = 0
            while offset < file.byteCount {
                let start = offset
                let piece = try await lanes.run(.control) {
                    try file.read(from: start, count: BodyFile.pieceBytes)
                }
                guard !piece.isEmpty else { break }
                offset += piece.count
                try await writer.write(ByteBuffer(bytes: piece))
            }
            try await writer.finish(nil)
        }
    }
}
