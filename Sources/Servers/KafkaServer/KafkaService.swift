internal import Base
public import EventLog
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Serves a log to Kafka clients over TCP.
public final class KafkaService: Sendable {
    public struct Configuration: Sendable {
        /// Where to listen; port 0 takes any free port.
        public var host = "127.0.0.1"
        public var port = 9092
        /// Where clients are told to connect; nil for the address it listens on, which is the one that the client came
        /// to where it listens on all of them.
        public var advertisedHost: String?
        public var advertisedPort: Int?
        /// Whether asking for a topic that is not there creates it, and with how many partitions.
        public var createsTopics = true
        public var defaultPartitions: Int32 = 4
        public var frameBytesMax = 100 << 20
        public var connectionsMax = 1000
        /// How many requests of one connection are worked on at once.
        public var requestsPerConnectionMax = 16
        /// The most that one fetch is answered with, in bytes, whatever the client asks for.
        public var fetchBytesMax = 4 << 20
        /// A connection without requests is closed after this, in seconds.
        public var idleSeconds: Int64 = 600
        /// How long shutdown waits for what is on its way, in seconds.
        public var drainSeconds: Int64 = 10
        public var groups = GroupCoordinator.Configuration()
        /// How long committed positions of groups without members are kept, in milliseconds.
        public var offsetsRetentionMillis: Int64 = 604_800_000
        /// Threads for the network; each serves many connections.
        public var threads = 2
        public init() {}
    }

    /// Clients of this name stay at the address they came to, whatever is advertised: those of the program itself, for
    /// which an address meant for others may lead nowhere.
    public static let ownClientID = "gariep-internal"

    /// Whether a host stands for all addresses of the machine, and so is none to connect to.
    static func isWildcard(_ host: String) -> Bool { ["0.0.0.0", "::", "0:0:0:0:0:0:0:0", ""].contains(host) }

    /// The port that the server listens on.
    public let boundPort: Int
    private let listener: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let files: NIOThreadPool
    private let broker: Broker
    private let connections: Connections
    private let drainSeconds: Int64
    private let isStopped = Mutex(false)

    /// Starts to listen and returns when clients can connect.
    ///
    /// - Throws: `KafkaServiceError.portInUse`, `couldNotListen`.
    public static func start(log: DurableLog, configuration: Configuration = Configuration()) async throws
        -> KafkaService
    {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let files = NIOThreadPool(numberOfThreads: configuration.threads)
        files.start()
        let connections = Connections(max: configuration.connectionsMax)
        let broker = Broker(log: log, configuration: configuration, files: files, timers: group.next())
        do {
            let listener = try await listen(broker, connections, configuration, group)
            let port = listener.localAddress?.port ?? configuration.port
            broker.advertise(
                host: configuration.advertisedHost ?? (isWildcard(configuration.host) ? "" : configuration.host),
                port: configuration.advertisedPort ?? port)
            broker.startTicking()
            return KafkaService(port, listener, group, files, broker, connections, configuration.drainSeconds)
        } catch {
            try await group.shutdownGracefully()
            try await files.shutdownGracefully()
            throw error
        }
    }

    private init(
        _ port: Int, _ listener: any Channel, _ group: MultiThreadedEventLoopGroup, _ files: NIOThreadPool,
        _ broker: Broker, _ connections: Connections, _ drainSeconds: Int64
    ) {
        (boundPort, self.listener, self.group, self.files) = (port, listener, group, files)
        (self.broker, self.connections, self.drainSeconds) = (broker, connections, drainSeconds)
    }

    private static func listen(
        _ broker: Broker, _ connections: Connections, _ configuration: Configuration,
        _ group: MultiThreadedEventLoopGroup
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: 256)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(configuration.idleSeconds)))
                    try pipeline.addHandler(
                        ByteToMessageHandler(
                            FrameDecoder(frameBytesMax: configuration.frameBytesMax),
                            maximumBufferSize: configuration.frameBytesMax + 4 + (1 << 20)))
                    try pipeline.addHandler(
                        ConnectionHandler(
                            broker: broker, connections: connections,
                            requestsMax: configuration.requestsPerConnectionMax))
                }
            }
        do {
            return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch let error as IOError where error.errnoCode == addressInUse {
            throw KafkaServiceError.portInUse(host: configuration.host, port: configuration.port)
        } catch {
            throw KafkaServiceError.couldNotListen(
                host: configuration.host, port: configuration.port, problem: "\(error)")
        }
    }

    /// Stops: takes no more requests, answers those on their way, and closes. The log stays open.
    public func shutdown() async throws {
        let wasStopped = isStopped.withLock { stopped in
            defer { stopped = true }
            return stopped
        }
        if wasStopped { return }
        try await listener.close().get()
        for channel in connections.all { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
        broker.stop()
        let deadline = ContinuousClock.now + .seconds(drainSeconds)
        while !(connections.all.isEmpty && connections.isIdle), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        for channel in connections.all { channel.close(promise: nil) }
        // Requests run on the files' threads and answer on the network's, so those stop last.
        try await files.shutdownGracefully()
        try await group.shutdownGracefully()
    }
}

/// The connections that are open, and the requests that are worked on.
final class Connections: Sendable {
    private let max: Int
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let requests = Mutex(0)

    init(max: Int) { self.max = max }

    /// Takes a connection in; false when there are too many.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isIn = open.withLock { open in
            guard open.count < max else { return false }
            open[id] = channel
            return true
        }
        if isIn { channel.closeFuture.whenComplete { _ in self.open.withLock { $0[id] = nil } } }
        return isIn
    }

    /// A request begins to be worked on, whether or not its connection lives to see the answer.
    func beginRequest() { requests.withLock { $0 += 1 } }
    func endRequest() { requests.withLock { $0 -= 1 } }
    /// Whether no request is being worked on.
    var isIdle: Bool { requests.withLock { $0 == 0 } }

    var all: [any Channel] { open.withLock { Array($0.values) } }
}
