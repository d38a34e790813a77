/// Who belongs to which consumer group, and who may read what.
///
/// Pure: requests come in with the time, in milliseconds; what is to be answered, now or to earlier requests, comes out.
/// A request is known by its caller's token. Source: Kafka's classic group protocol; KIP-62, KIP-345, KIP-394.
public struct GroupCoordinator: Sendable {
    public struct Configuration: Sendable {
        /// How long the first member of an empty group waits for others, in milliseconds.
        public var initialDelayMillis: Int64 = 300
        public var sessionTimeoutMillis: ClosedRange<Int64> = 100...1_800_000
        public init() {}
    }

    public struct JoinRequest: Sendable {
        public var group: String
        public var memberID: String
        public var instanceID: String?
        public var clientID: String
        public var clientHost: String
        public var sessionTimeoutMillis: Int64
        public var rebalanceTimeoutMillis: Int64
        public var protocolType: String
        public var protocols: [GroupProtocol]
        /// Whether a new member must come again with the id it is given (JoinGroup 4 and later).
        public var requiresKnownMemberID: Bool
        /// The id of a member that comes without one.
        public var newMemberID: String
    }

    public struct Joined: Sendable, Equatable {
        public var error = KafkaErrorCode.none
        public var generation: Int32 = -1
        public var protocolType: String?
        public var protocolName: String?
        public var leader = ""
        public var memberID = ""
        public var members: [JoinedMember] = []

        public static func refused(_ error: KafkaErrorCode) -> Joined { Joined(error: error) }
    }

    public struct JoinedMember: Sendable, Equatable {
        public var id: String
        public var instanceID: String?
        public var metadata: [UInt8]
    }

    public struct Synced: Sendable, Equatable {
        public var error = KafkaErrorCode.none
        public var protocolType: String?
        public var protocolName: String?
        public var assignment: [UInt8] = []
    }

    public enum Response: Sendable, Equatable {
        case joined(Joined)
        case synced(Synced)
    }

    /// An answer to the request that came with `token`.
    public struct Answer: Sendable, Equatable {
        public let token: UInt64
        public let response: Response
    }

    public let configuration: Configuration
    var groups: [String: ConsumerGroup] = [:]

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    // MARK: Joining

    public mutating func join(_ request: JoinRequest, token: UInt64, nowMillis: Int64) -> [Answer] {
        func refuse(_ error: KafkaErrorCode, memberID: String? = nil) -> [Answer] {
            [Answer(token: token, response: .joined(Joined(error: error, memberID: memberID ?? request.memberID)))]
        }
        guard !request.group.isEmpty else { return refuse(.invalidGroupID) }
        guard configuration.sessionTimeoutMillis.contains(request.sessionTimeoutMillis) else {
            return refuse(.invalidSessionTimeout)
        }
        var group = groups[request.group] ?? ConsumerGroup()
        defer { groups[request.group] = group }

        var id = request.memberID
        if let instance = request.instanceID, let known = group.member(instance: instance) {
            if id.isEmpty {
                return replace(known, by: request, in: &group, token: token, nowMillis: nowMillis)
            }
            if id != known.id { return refuse(.fencedInstanceID) }
        }
        guard group.accepts(request.protocolType, request.protocols, besides: id) else {
            return refuse(.inconsistentGroupProtocol)
        }
        if id.isEmpty {
            id = request.newMemberID
            if request.requiresKnownMemberID, request.instanceID == nil {
                group.promised[id] = nowMillis + request.sessionTimeoutMillis
                return refuse(.memberIDRequired, memberID: id)
            }
        } else if group.members[id] == nil, group.promised.removeValue(forKey: id) == nil {
            return refuse(.unknownMemberID)
        }
        guard var member = group.members[id] else {
            var member = Self.member(id, request, nowMillis)
            member.joining = token
            if group.members.isEmpty { group.protocolType = request.protocolType }
            group.add(member)
            return prepare(&group, nowMillis: nowMillis, joined: true)
        }
        let isUnchanged = member.protocols == request.protocols
        member.protocols = request.protocols
        member.sessionTimeoutMillis = request.sessionTimeoutMillis
        member.rebalanceTimeoutMillis = request.rebalanceTimeoutMillis
        member.expiresMillis = nowMillis + request.sessionTimeoutMillis
        var answers: [Answer] = []
        switch group.phase {
        case .completingRebalance where isUnchanged, .stable where isUnchanged && group.leader != id:
            // The answer to its earlier request was lost, or it joins again for nothing new.
            group.members[id] = member
            return [Answer(token: token, response: .joined(joined(id, in: group)))]
        default:
            if let earlier = member.joining {
                answers.append(
                    Answer(token: earlier, response: .joined(Joined(error: .rebalanceInProgress, memberID: id))))
            }
            member.joining = token
            group.members[id] = member
            return answers + prepare(&group, nowMillis: nowMillis, joined: true)
        }
    }

    private static func member(_ id: String, _ request: JoinRequest, _ nowMillis: Int64) -> GroupMember {
        GroupMember(
            id: id, instanceID: request.instanceID, clientID: request.clientID, clientHost: request.clientHost,
            sessionTimeoutMillis: request.sessionTimeoutMillis, rebalanceTimeoutMillis: request.rebalanceTimeoutMillis,
            protocols: request.protocols, expiresMillis: nowMillis + request.sessionTimeoutMillis)
    }

    /// A static member that was started anew takes its former self's place (KIP-345).
    private func replace(
        _ former: GroupMember, by request: JoinRequest, in group: inout ConsumerGroup, token: UInt64, nowMillis: Int64
    ) -> [Answer] {
        guard group.accepts(request.protocolType, request.protocols, besides: former.id) else {
            return [Answer(token: token, response: .joined(Joined(error: .inconsistentGroupProtocol)))]
        }
        var answers: [Answer] = []
        if let joining = former.joining {
            answers.append(
                Answer(token: joining, response: .joined(Joined(error: .fencedInstanceID, memberID: former.id))))
        }
        if let syncing = former.syncing {
            answers.append(Answer(token: syncing, response: .synced(Synced(error: .fencedInstanceID))))
        }
        var member = Self.member(request.newMemberID, request, nowMillis)
        member.assignment = former.assignment
        let place = group.order.firstIndex(of: former.id) ?? group.order.endIndex
        let wasLeader = group.leader == former.id
        group.remove(former.id)
        group.members[member.id] = member
        group.order.insert(member.id, at: place)
        if case .stable = group.phase, !wasLeader, member.protocols == former.protocols {
            return answers + [Answer(token: token, response: .joined(joined(member.id, in: group)))]
        }
        group.members[member.id]?.joining = token
        return answers + prepare(&group, nowMillis: nowMillis, joined: true)
    }

    /// Starts a rebalance, or goes on with the one under way.
    private func prepare(_ group: inout ConsumerGroup, nowMillis: Int64, joined: Bool) -> [Answer] {
        var answers: [Answer] = []
        let timeout = group.members.values.map(\.rebalanceTimeoutMillis).max() ?? 0
        switch group.phase {
        case .preparingRebalance: break
        case .empty:
            group.phase = .preparingRebalance(
                deadlineMillis: nowMillis + min(configuration.initialDelayMillis, timeout))
            return answers
        case .stable, .completingRebalance:
            for id in group.order {
                guard let member = group.members[id], let token = member.syncing else { continue }
                group.members[id]?.syncing = nil
                group.members[id]?.expiresMillis = nowMillis + member.sessionTimeoutMillis
                answers.append(Answer(token: token, response: .synced(Synced(error: .rebalanceInProgress))))
            }
            group.phase = .preparingRebalance(deadlineMillis: nowMillis + timeout)
        }
        // The first rebalance of a group waits for late comers; later ones end when all have come.
        let isFirst = group.generation == 0 || group.protocolName == nil
        if !isFirst, group.members.values.allSatisfy({ $0.joining != nil }), group.promised.isEmpty {
            answers += completeJoin(&group, nowMillis: nowMillis)
        }
        return answers
    }

    /// Ends the gathering: who has not come is out, and all who have hear of the new generation.
    private func completeJoin(_ group: inout ConsumerGroup, nowMillis: Int64) -> [Answer] {
        for id in group.order where group.members[id]?.joining == nil { group.remove(id) }
        group.generation += 1
        guard !group.members.isEmpty, let elected = group.electProtocol() else {
            group.phase = .empty
            (group.protocolName, group.leader) = (nil, nil)
            return []
        }
        group.protocolName = elected
        if group.leader.flatMap({ group.members[$0] }) == nil { group.leader = group.order.first }
        let timeout = group.members.values.map(\.rebalanceTimeoutMillis).max() ?? 0
        group.phase = .completingRebalance(deadlineMillis: nowMillis + timeout)
        var answers: [Answer] = []
        for id in group.order {
            guard let member = group.members[id], let token = member.joining else { continue }
            answers.append(Answer(token: token, response: .joined(joined(id, in: group))))
            group.members[id]?.joining = nil
            group.members[id]?.assignment = []
            group.members[id]?.expiresMillis = nowMillis + member.sessionTimeoutMillis
        }
        return answers
    }

    private func joined(_ id: String, in group: ConsumerGroup) -> Joined {
        var result = Joined(
            generation: group.generation, protocolType: group.protocolType, protocolName: group.protocolName,
            leader: group.leader ?? "", memberID: id)
        if group.leader == id {
            result.members = group.order.compactMap { group.members[$0] }.map {
                JoinedMember(id: $0.id, instanceID: $0.instanceID, metadata: group.metadata(of: $0))
            }
        }
        return result
    }

    // MARK: Syncing

    public mutating func sync(
        group name: String, generation: Int32, memberID: String, instanceID: String?, protocolType: String?,
        protocolName: String?, assignments: [String: [UInt8]], token: UInt64, nowMillis: Int64
    ) -> [Answer] {
        func refuse(_ error: KafkaErrorCode) -> [Answer] {
            [Answer(token: token, response: .synced(Synced(error: error)))]
        }
        if let error = check(name, generation, memberID, instanceID) { return refuse(error) }
        guard var group = groups[name] else { return refuse(.unknownMemberID) }
        defer { groups[name] = group }
        if let type = protocolType, type != group.protocolType { return refuse(.inconsistentGroupProtocol) }
        if let chosen = protocolName, chosen != group.protocolName { return refuse(.inconsistentGroupProtocol) }
        let timeout = group.members[memberID]?.sessionTimeoutMillis ?? 0
        group.members[memberID]?.expiresMillis = nowMillis + timeout
        func synced(_ id: String) -> Synced {
            Synced(
                protocolType: group.protocolType, protocolName: group.protocolName,
                assignment: group.members[id]?.assignment ?? [])
        }
        switch group.phase {
        case .empty: return refuse(.unknownMemberID)
        case .preparingRebalance: return refuse(.rebalanceInProgress)
        case .stable: return [Answer(token: token, response: .synced(synced(memberID)))]
        case .completingRebalance:
            var answers: [Answer] = []
            if let earlier = group.members[memberID]?.syncing {
                answers.append(Answer(token: earlier, response: .synced(Synced(error: .rebalanceInProgress))))
            }
            group.members[memberID]?.syncing = token
            guard group.leader == memberID else { return answers }
            group.phase = .stable
            for id in group.order {
                group.members[id]?.assignment = assignments[id] ?? []
                guard let member = group.members[id], let waiting = member.syncing else { continue }
                group.members[id]?.syncing = nil
                group.members[id]?.expiresMillis = nowMillis + member.sessionTimeoutMillis
                answers.append(Answer(token: waiting, response: .synced(synced(id))))
            }
            return answers
        }
    }

    // MARK: Staying and leaving

    public mutating func heartbeat(
        group name: String, generation: Int32, memberID: String, instanceID: String?, nowMillis: Int64
    ) -> KafkaErrorCode {
        if let error = check(name, generation, memberID, instanceID) { return error }
        guard let group = groups[name], let member = group.members[memberID] else { return .unknownMemberID }
        groups[name]?.members[memberID]?.expiresMillis = nowMillis + member.sessionTimeoutMillis
        if case .preparingRebalance = group.phase { return .rebalanceInProgress }
        return .none
    }

    public mutating func leave(
        group name: String, memberID: String, instanceID: String?, nowMillis: Int64
    ) -> (error: KafkaErrorCode, answers: [Answer]) {
        guard var group = groups[name] else { return (.unknownMemberID, []) }
        var id = memberID
        if let instanceID {
            guard let known = group.member(instance: instanceID) else { return (.unknownMemberID, []) }
            if !id.isEmpty, id != known.id { return (.fencedInstanceID, []) }
            id = known.id
        }
        if group.promised.removeValue(forKey: id) != nil {
            groups[name] = group
            return (.none, [])
        }
        guard group.members[id] != nil else { return (.unknownMemberID, []) }
        let answers = drop([id], from: &group, nowMillis: nowMillis)
        groups[name] = group
        return (.none, answers)
    }

    /// Takes members out, and lets the others share what they had.
    private func drop(_ ids: [String], from group: inout ConsumerGroup, nowMillis: Int64) -> [Answer] {
        var answers: [Answer] = []
        for id in ids {
            guard let member = group.members[id] else { continue }
            if let token = member.joining {
                answers.append(Answer(token: token, response: .joined(Joined(error: .unknownMemberID, memberID: id))))
            }
            if let token = member.syncing {
                answers.append(Answer(token: token, response: .synced(Synced(error: .unknownMemberID))))
            }
            group.remove(id)
        }
        if group.members.isEmpty {
            group.generation += 1
            group.phase = .empty
            (group.protocolName, group.leader) = (nil, nil)
            return answers
        }
        return answers + prepare(&group, nowMillis: nowMillis, joined: false)
    }

    /// Lets time pass: members that were not heard of are out, and gatherings end.
    public mutating func tick(nowMillis: Int64) -> [Answer] {
        var answers: [Answer] = []
        for (name, stored) in groups {
            var group = stored
            group.promised = group.promised.filter { $0.value > nowMillis }
            switch group.phase {
            case .preparingRebalance(let deadline) where deadline <= nowMillis:
                answers += completeJoin(&group, nowMillis: nowMillis)
            case .completingRebalance(let deadline) where deadline <= nowMillis:
                // Who has not asked for its share in time is gone, the leader above all.
                answers += drop(
                    group.order.filter { group.members[$0]?.syncing == nil }, from: &group, nowMillis: nowMillis)
            default: break
            }
            let silent = group.order.filter { id in
                guard let member = group.members[id] else { return false }
                // A member whose request is held here cannot send heartbeats.
                return member.joining == nil && member.syncing == nil && member.expiresMillis <= nowMillis
            }
            if !silent.isEmpty { answers += drop(silent, from: &group, nowMillis: nowMillis) }
            if case .preparingRebalance = group.phase {
                answers += prepare(&group, nowMillis: nowMillis, joined: false)
            }
            // A group that nobody is in and nobody was promised a place in is one that was never there; what it has
            // committed is not kept here.
            let isOver = group.phase == .empty && group.members.isEmpty && group.promised.isEmpty
            groups[name] = isOver ? nil : group
        }
        return answers
    }

    /// Whether a request comes from a member of the current generation.
    private func check(_ name: String, _ generation: Int32, _ memberID: String, _ instanceID: String?)
        -> KafkaErrorCode?
    {
        guard !name.isEmpty else { return .invalidGroupID }
        guard let group = groups[name] else { return .unknownMemberID }
        if let instanceID, let known = group.member(instance: instanceID), known.id != memberID {
            return .fencedInstanceID
        }
        guard group.members[memberID] != nil else { return .unknownMemberID }
        guard generation == group.generation else { return .illegalGeneration }
        return nil
    }

    /// Whether positions may be committed for a group; a consumer without a group membership gives generation -1.
    public mutating func checkCommit(
        group name: String, generation: Int32, memberID: String, instanceID: String?, nowMillis: Int64
    ) -> KafkaErrorCode {
        guard !name.isEmpty else { return .invalidGroupID }
        let group = groups[name]
        if generation < 0, memberID.isEmpty, group?.members.isEmpty ?? true { return .none }
        guard let group else { return generation < 0 ? .none : .illegalGeneration }
        if let error = check(name, generation, memberID, instanceID) { return error }
        if case .completingRebalance = group.phase { return .rebalanceInProgress }
        if let member = group.members[memberID] {
            groups[name]?.members[memberID]?.expiresMillis = nowMillis + member.sessionTimeoutMillis
        }
        return .none
    }
}

extension GroupCoordinator.JoinRequest {
    /// - Parameter version: of the JoinGroup request.
    public init(
        _ request: JoinGroupRequest, version: Int16, clientID: String, clientHost: String, newMemberID: String
    ) {
        (group, memberID, instanceID) = (request.group, request.memberID, request.instanceID)
        (self.clientID, self.clientHost, self.newMemberID) = (clientID, clientHost, newMemberID)
        sessionTimeoutMillis = Int64(request.sessionTimeoutMillis)
        rebalanceTimeoutMillis = Int64(request.rebalanceTimeoutMillis)
        (protocolType, protocols) = (request.protocolType, request.protocols)
        requiresKnownMemberID = version >= 4
    }
}
