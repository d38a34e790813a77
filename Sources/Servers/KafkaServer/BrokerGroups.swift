internal import EventLog
internal import NIOCore

extension Broker {
    func findCoordinator(_ request: FindCoordinatorRequest, _ call: Call) {
        let isGroup = request.keyType == 0
        let response = FindCoordinatorResponse(
            broker: address(for: call), keys: request.keys,
            error: isGroup ? .none : .transactionalIDAuthorizationFailed,
            message: isGroup ? nil : "transactions are not supported")
        call.reply { response.write(to: &$0, version: call.version) }
    }

    func initProducerID(_ request: InitProducerIDRequest, _ call: Call) {
        func reply(_ error: KafkaErrorCode, _ id: Int64, _ epoch: Int16) {
            call.reply { InitProducerIDResponse(error: error, producerID: id, producerEpoch: epoch).write(to: &$0) }
        }
        guard request.transactionalID == nil else { return reply(.transactionalIDAuthorizationFailed, -1, -1) }
        // A producer that lost its place goes on with the next epoch, and a new id when epochs run out (KIP-360).
        if request.producerID >= 0, request.producerEpoch >= 0, request.producerEpoch < Int16.max {
            return reply(.none, request.producerID, request.producerEpoch + 1)
        }
        offload {
            do throws(LogError) {
                let id = try self.log.newProducerID()
                call.reply { InitProducerIDResponse(error: .none, producerID: id, producerEpoch: 0).write(to: &$0) }
            } catch {
                let code = KafkaErrorCode(error)
                call.reply { InitProducerIDResponse(error: code, producerID: -1, producerEpoch: -1).write(to: &$0) }
            }
        }
    }

    func join(_ request: JoinGroupRequest, _ call: Call) {
        let clientID = call.header.clientID ?? ""
        let join = GroupCoordinator.JoinRequest(
            request, version: call.version, clientID: clientID, clientHost: call.clientHost,
            newMemberID: "\(request.instanceID ?? clientID)-\(groups.newID())")
        let now = nowMillis
        groups.submit { response in
            guard case .joined(let joined) = response else { return call.answer(.close) }
            call.reply { joined.write(to: &$0, version: call.version) }
        } decide: { coordinator, token in
            coordinator.join(join, token: token, nowMillis: now)
        }
    }

    func sync(_ request: SyncGroupRequest, _ call: Call) {
        let now = nowMillis
        let assignments = Dictionary(request.assignments.map { ($0.member, $0.assignment) }) { _, last in last }
        groups.submit { response in
            guard case .synced(let synced) = response else { return call.answer(.close) }
            call.reply { synced.write(to: &$0, version: call.version) }
        } decide: { coordinator, token in
            coordinator.sync(
                group: request.group, generation: request.generation, memberID: request.memberID,
                instanceID: request.instanceID, protocolType: request.protocolType, protocolName: request.protocolName,
                assignments: assignments, token: token, nowMillis: now)
        }
    }

    func heartbeat(_ request: HeartbeatRequest, _ call: Call) {
        let now = nowMillis
        let error = groups.coordinator {
            $0.heartbeat(
                group: request.group, generation: request.generation, memberID: request.memberID,
                instanceID: request.instanceID, nowMillis: now)
        }
        call.reply { HeartbeatRequest.write(error, to: &$0, version: call.version) }
    }

    func leave(_ request: LeaveGroupRequest, _ call: Call) {
        let now = nowMillis
        let members = request.members.map { member in
            let error = groups.deliver { coordinator in
                let left = coordinator.leave(
                    group: request.group, memberID: member.id, instanceID: member.instanceID, nowMillis: now)
                return (left.error, left.answers)
            }
            return (id: member.id, instanceID: member.instanceID, error: error)
        }
        call.reply { LeaveGroupResponse(members: members).write(to: &$0, version: call.version) }
    }

    // MARK: Positions

    func commit(_ request: OffsetCommitRequest, _ call: Call) {
        let now = nowMillis
        @Sendable func reply(_ error: KafkaErrorCode, except unknown: Set<String> = []) {
            let topics = request.topics.map { topic in
                (
                    name: topic.name,
                    partitions: topic.partitions.map {
                        (index: $0.index, error: unknown.contains(topic.name) ? .unknownTopicOrPartition : error)
                    }
                )
            }
            call.reply { OffsetCommitResponse(topics: topics).write(to: &$0, version: call.version) }
        }
        let error = groups.coordinator {
            $0.checkCommit(
                group: request.group, generation: request.generation, memberID: request.memberID,
                instanceID: request.instanceID, nowMillis: now)
        }
        guard error == .none else { return reply(error) }
        let unknown = Set(request.topics.map(\.name).filter { (try? TopicName($0)).flatMap { log.topic($0) } == nil })
        var changes: [(GroupPartition, CommittedOffset)] = []
        for topic in request.topics where !unknown.contains(topic.name) {
            for partition in topic.partitions {
                changes.append(
                    (
                        GroupPartition(group: request.group, topic: topic.name, partition: partition.index),
                        CommittedOffset(
                            offset: partition.offset, leaderEpoch: partition.leaderEpoch,
                            metadata: partition.metadata ?? "", committedMillis: now)
                    ))
            }
        }
        if changes.isEmpty { return reply(.none, except: unknown) }
        log.committedOffsets.commit(changes) { result in
            switch result {
            case .success: reply(.none, except: unknown)
            case .failure: reply(.coordinatorNotAvailable, except: unknown)
            }
        }
    }

    func fetchOffsets(_ request: OffsetFetchRequest, _ call: Call) {
        let offsets = log.committedOffsets
        let found = request.groups.map { group -> OffsetFetchResponse.Group in
            guard let wanted = group.topics else {
                let all = Dictionary(grouping: offsets.committed(group: group.name)) { $0.key.topic }
                return .init(
                    name: group.name,
                    topics: all.sorted { $0.key < $1.key }.map { topic, entries in
                        (
                            name: topic,
                            partitions: entries.sorted { $0.key.partition < $1.key.partition }.map {
                                .init(index: $0.key.partition, committed: $0.value)
                            }
                        )
                    })
            }
            return .init(
                name: group.name,
                topics: wanted.map { topic in
                    (
                        name: topic.name,
                        partitions: topic.partitions.map { index in
                            .init(
                                index: index,
                                committed: offsets.committed(
                                    GroupPartition(group: group.name, topic: topic.name, partition: index)))
                        }
                    )
                })
        }
        call.reply { OffsetFetchResponse(groups: found).write(to: &$0, version: call.version) }
    }

    // MARK: Looking after groups

    func describeGroups(_ request: DescribeGroupsRequest, _ call: Call) {
        let found = request.groups.map { name in (name: name, description: description(of: name)) }
        call.reply { DescribeGroupsResponse(groups: found).write(to: &$0, version: call.version) }
    }

    /// A group that has only committed positions is an empty one.
    private func description(of name: String) -> GroupCoordinator.Description? {
        if let known = groups.coordinator({ $0.describe(name) }) { return known }
        guard log.committedOffsets.groups.contains(name) else { return nil }
        return .empty(name)
    }

    func listGroups(_ request: ListGroupsRequest, _ call: Call) {
        let known = groups.coordinator { $0.descriptions }
        var all = known.map { (name: $0.name, protocolType: $0.protocolType, state: $0.phase.name) }
        let names = Set(known.map(\.name))
        for name in log.committedOffsets.groups where !names.contains(name) {
            all.append((name: name, protocolType: "consumer", state: GroupPhase.empty.name))
        }
        let wanted = all.filter { request.states.isEmpty || request.states.contains($0.state) }
        call.reply { ListGroupsResponse(groups: wanted).write(to: &$0, version: call.version) }
    }

    func deleteGroups(_ request: DeleteGroupsRequest, _ call: Call) {
        var results: [(name: String, error: KafkaErrorCode)] = []
        for name in request.groups {
            let isKnown = description(of: name) != nil
            let error = isKnown ? groups.coordinator { $0.delete(name) } : .groupIDNotFound
            results.append((name, error))
        }
        let gone = results.filter { $0.error == .none }.map(\.name)
        let left = EventCounter(gone.count + 1) { [results] in
            call.reply { DeleteGroupsResponse(groups: results).write(to: &$0) }
        }
        for name in gone { log.committedOffsets.forget(group: name) { _ in left.count() } }
        left.count()
    }
}
