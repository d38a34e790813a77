internal import Base
internal import EventLog
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Answers requests: frames in, frames out, in any thread. The wire formats and the decisions are EventLog's.
final class Broker: Sendable {
    typealias Answer = @Sendable (Outcome) -> Void

    /// A request with what its answer needs.
    struct Call: Sendable {
        let api: KafkaAPI
        let header: RequestHeader
        let clientHost: String
        /// The address of this machine that the client came to.
        let localHost: String?
        let answer: Answer

        var version: Int16 { header.version }

        func reply(_ write: (inout WireWriter) -> Void) {
            var writer = WireWriter(isFlexible: api.isFlexible(version))
            write(&writer)
            // ApiVersions keeps the old header, so that clients that know nothing of the broker can read it (KIP-511).
            answer(
                .frame(
                    writer.frame(
                        correlationID: header.correlationID,
                        headerHasTags: api != .apiVersions && api.isFlexible(version))))
        }
    }

    let log: DurableLog
    let configuration: KafkaService.Configuration
    let files: NIOThreadPool
    let timers: any EventLoop
    let groups: GroupService
    let clock: any WallClock
    private let advertised = Mutex(BrokerAddress(nodeID: 1, host: "", port: 0))
    private let ticking = Mutex<RepeatedTask?>(nil)
    let fetches = HeldFetches()
    let clusterID = "gariep"

    init(
        log: DurableLog, configuration: KafkaService.Configuration, files: NIOThreadPool, timers: any EventLoop,
        clock: any WallClock = SystemClock()
    ) {
        (self.log, self.configuration, self.files, self.timers, self.clock) = (log, configuration, files, timers, clock)
        groups = GroupService(configuration: configuration.groups)
    }

    var nowMillis: Int64 { clock.nowMicros() / 1000 }

    /// Where the client of a call is told to connect: what is advertised, or the address it came to where none is.
    func address(for call: Call) -> BrokerAddress {
        var address = advertised.withLock { $0 }
        if address.host.isEmpty || call.header.clientID == KafkaService.ownClientID, let local = call.localHost {
            address.host = local
        }
        return address
    }

    func advertise(host: String, port: Int) {
        advertised.withLock { $0 = BrokerAddress(nodeID: 1, host: host, port: Int32(port)) }
    }

    // MARK: Time

    func startTicking() {
        let task = timers.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { _ in
            self.groups.tick(nowMillis: self.nowMillis)
        }
        ticking.withLock { $0 = task }
        let hourly = timers.scheduleRepeatedTask(initialDelay: .hours(1), delay: .hours(1)) { _ in
            self.log.committedOffsets.expire(
                committedBefore: self.nowMillis - self.configuration.offsetsRetentionMillis,
                activeGroups: self.groups.coordinator { $0.activeGroups })
        }
        expiring.withLock { $0 = hourly }
    }

    private let expiring = Mutex<RepeatedTask?>(nil)

    /// Answers what is held for later: fetches with what there is, joins and syncs with a request to come again.
    func stop() {
        for task in [ticking.withLock({ $0 }), expiring.withLock({ $0 })] { task?.cancel() }
        fetches.releaseAll()
        groups.releaseAll()
    }

    // MARK: Requests

    func handle(_ frame: [UInt8], clientHost: String, localHost: String? = nil, answer: @escaping Answer) {
        do throws(LogError) {
            var (header, reader) = try RequestHeader.decode(frame)
            guard let api = header.api else { return answer(.close) }
            let call = Call(api: api, header: header, clientHost: clientHost, localHost: localHost, answer: answer)
            guard api.versions.contains(header.version) else { return refuseVersion(call) }
            try dispatch(call, &reader)
        } catch {
            // What cannot be decoded cannot be answered either: as in Kafka, the connection ends.
            answer(.close)
        }
    }

    private func refuseVersion(_ call: Call) {
        guard call.api == .apiVersions else { return call.answer(.close) }
        // In the format of version 0, which every client understands.
        var writer = WireWriter(isFlexible: false)
        ApiVersionsResponse(error: .unsupportedVersion).write(to: &writer, version: 0)
        call.answer(.frame(writer.frame(correlationID: call.header.correlationID, headerHasTags: false)))
    }

    private func dispatch(_ call: Call, _ reader: inout WireReader) throws(LogError) {
        let version = call.version
        switch call.api {
        case .produce: produce(try ProduceRequest(&reader, version: version), call)
        case .fetch: fetch(try FetchRequest(&reader, version: version), call)
        case .listOffsets: listOffsets(try ListOffsetsRequest(&reader, version: version), call)
        case .offsetForLeaderEpoch:
            offsetForLeaderEpoch(try OffsetForLeaderEpochRequest(&reader, version: version), call)
        case .metadata: metadata(try MetadataRequest(&reader, version: version), call)
        case .apiVersions: call.reply { ApiVersionsResponse(error: .none).write(to: &$0, version: version) }
        case .findCoordinator: findCoordinator(try FindCoordinatorRequest(&reader, version: version), call)
        case .initProducerID: initProducerID(try InitProducerIDRequest(&reader, version: version), call)
        case .describeCluster:
            call.reply { DescribeClusterResponse(broker: address(for: call), clusterID: clusterID).write(to: &$0) }
        case .createTopics: createTopics(try CreateTopicsRequest(&reader, version: version), call)
        case .deleteTopics: deleteTopics(try DeleteTopicsRequest(&reader, version: version), call)
        case .createPartitions: createPartitions(try CreatePartitionsRequest(&reader, version: version), call)
        case .deleteRecords: deleteRecords(try DeleteRecordsRequest(&reader, version: version), call)
        case .describeConfigs: describeConfigs(try DescribeConfigsRequest(&reader, version: version), call)
        case .joinGroup: join(try JoinGroupRequest(&reader, version: version), call)
        case .syncGroup: sync(try SyncGroupRequest(&reader, version: version), call)
        case .heartbeat: heartbeat(try HeartbeatRequest(&reader, version: version), call)
        case .leaveGroup: leave(try LeaveGroupRequest(&reader, version: version), call)
        case .offsetCommit: commit(try OffsetCommitRequest(&reader, version: version), call)
        case .offsetFetch: fetchOffsets(try OffsetFetchRequest(&reader, version: version), call)
        case .describeGroups: describeGroups(try DescribeGroupsRequest(&reader, version: version), call)
        case .listGroups: listGroups(try ListGroupsRequest(&reader, version: version), call)
        case .deleteGroups: deleteGroups(try DeleteGroupsRequest(&reader, version: version), call)
        }
    }

    /// Runs what touches files away from the network's threads.
    func offload(_ work: @escaping @Sendable () -> Void) {
        files.submit { state in if case .active = state { work() } }
    }

    func partition(_ topic: String, _ index: Int32) throws(LogError) -> PartitionHandle {
        try log.partition(try TopicName(topic), index)
    }
}
