internal import EventLog
internal import NIOCore

/// What is to be sent for a request.
enum Outcome: Sendable {
    case frame([UInt8])
    /// The request wants no answer.
    case silence
    /// The connection cannot go on.
    case close
}

/// One client's connection: requests start in the order they come, and are answered in that order.
///
/// It reads no further while too many requests are on their way or the client does not take its answers.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = [UInt8]
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let broker: Broker
    private let connections: Connections
    private let requestsMax: Int
    /// Answers in the order of their requests; nil while one is worked out.
    private var outcomes: [Outcome?] = []
    /// How many answers have been sent, which is the number of the first in `outcomes`.
    private var sent = 0
    private var wantsRead = false
    private var isDraining = false
    private var clientHost = ""
    private var localHost: String?

    init(broker: Broker, connections: Connections, requestsMax: Int) {
        (self.broker, self.connections, self.requestsMax) = (broker, connections, requestsMax)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        clientHost = "/" + (context.remoteAddress?.ipAddress ?? "unknown")
        // A socket for both families sees IPv4 addresses as IPv6 ones; IPv4 clients could not use that form.
        localHost = context.localAddress?.ipAddress.map { $0.hasPrefix("::ffff:") ? String($0.dropFirst(7)) : $0 }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        // Once draining has begun nothing new is taken on.
        if isDraining { return }
        let number = sent + outcomes.count
        outcomes.append(nil)
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        let connections = connections
        connections.beginRequest()
        broker.handle(frame, clientHost: clientHost, localHost: localHost) { outcome in
            defer { connections.endRequest() }
            if loop.inEventLoop {
                let (handler, context) = bound.value
                handler.finish(number, outcome, context)
            } else {
                loop.execute {
                    let (handler, context) = bound.value
                    handler.finish(number, outcome, context)
                }
            }
        }
    }

    private func finish(_ number: Int, _ outcome: Outcome, _ context: ChannelHandlerContext) {
        let place = number - sent
        guard outcomes.indices.contains(place), context.channel.isActive else { return }
        outcomes[place] = outcome
        var wrote = false
        while let first = outcomes.first, let ready = first {
            outcomes.removeFirst()
            sent += 1
            switch ready {
            case .frame(let bytes):
                context.write(Self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
                wrote = true
            case .silence: break
            case .close:
                if wrote { context.flush() }
                context.close(promise: nil)
                return
            }
        }
        if wrote { context.flush() }
        if isDraining, outcomes.isEmpty { return context.close(promise: nil) }
        resumeReading(context)
    }

    func read(context: ChannelHandlerContext) {
        if !isDraining, outcomes.count < requestsMax, context.channel.isWritable {
            context.read()
        } else {
            wantsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading(context)
        context.fireChannelWritabilityChanged()
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard wantsRead, !isDraining, outcomes.count < requestsMax, context.channel.isWritable else { return }
        wantsRead = false
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is DrainEvent:
            isDraining = true
            if outcomes.isEmpty { context.close(promise: nil) }
        case IdleStateHandler.IdleStateEvent.all:
            // A held fetch or join is not idleness.
            if outcomes.isEmpty { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Asks a connection to answer what it has taken on and close.
struct DrainEvent: Sendable {}
