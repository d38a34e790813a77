internal import NIOCore
internal import NIOHTTP1

/// Stands between the parser of HTTP/1 and the server: answers what is no request with a problem, and closes
/// connections that are not to be kept. Source: RFC 9112, sections 3.2 and 9.3.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// For each request without its whole answer: how the connection goes on after it.
    private var waiting: [Connection] = []
    /// Answered once all requests before have been.
    private var refusal: Problem?
    /// Nothing more is read.
    private var isClosing = false

    private enum Connection {
        case staysOpen
        /// HTTP/1.0 has to be told.
        case saysThatItStaysOpen
        case closes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        if case .head(let head) = Self.unwrapInboundIn(data) {
            let isOld = head.version.major < 1 || (head.version.major == 1 && head.version.minor == 0)
            if !isOld, head.headers["host"].count != 1 {
                return refuse(
                    Problem(
                        status: 400, title: "Bad request",
                        detail: "HTTP/1.1 wants one Host header, and there are \(head.headers["host"].count)",
                        code: "HTTP-009", hint: "Send Host."), context)
            }
            if !head.isKeepAlive {
                waiting.append(.closes)
            } else {
                waiting.append(isOld ? .saysThatItStaysOpen : .staysOpen)
            }
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        let problem =
            switch error {
            case .headerOverflow:
                Problem(
                    status: 431, title: "URL or headers too long", detail: "expected less than 80 KiB",
                    code: "HTTP-009", hint: "Ask with a shorter URL.")
            case .invalidMethod:
                Problem(
                    status: 501, title: "Unknown method", detail: "the method is none of HTTP's", code: "HTTP-009",
                    hint: "Use GET.")
            case .invalidURL, .invalidPath, .invalidQueryString, .invalidHost, .invalidFragment:
                Problem(
                    status: 400, title: "Malformed URL", detail: "the URL has characters that no URL has",
                    code: "HTTP-005", hint: "Percent-encode the URL (RFC 3986).")
            default:
                Problem(
                    status: 400, title: "Bad request", detail: "this is not HTTP: \(error)", code: "HTTP-009",
                    hint: "Send a request as RFC 9112 wants it.")
            }
        refuse(problem, context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let connection = waiting.first else { return context.write(data, promise: promise) }
        switch Self.unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            switch connection {
            case .staysOpen: break
            case .saysThatItStaysOpen: head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
            case .closes: head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            waiting.removeFirst()
            if case .closes = connection {
                isClosing = true
                let written = promise ?? context.eventLoop.makePromise()
                close(context, after: written.futureResult)
                context.writeAndFlush(data, promise: written)
            } else {
                context.write(data, promise: promise)
                if waiting.isEmpty, let refusal { answer(refusal, context) }
            }
        default: context.write(data, promise: promise)
        }
    }

    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        if waiting.isEmpty { answer(problem, context) } else { refusal = problem }
    }

    private func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
        let answer = problem.answer
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        headers.add(name: "Content-Length", value: "\(answer.body.count)")
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(
            Self.wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: answer.body)))), promise: nil
        )
        let written = context.eventLoop.makePromise(of: Void.self)
        close(context, after: written.futureResult)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
    }

    private func close(_ context: ChannelHandlerContext, after written: EventLoopFuture<Void>) {
        let channel = context.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Puts the gate where it belongs: right behind the parser, which Hummingbird has set up by the time this is added.
final class ConnectionGateInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ConnectionGate(), position: .after(parser))
        } catch { context.fireErrorCaught(error) }
    }
}
