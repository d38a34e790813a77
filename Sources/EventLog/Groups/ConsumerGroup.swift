/// A member of a consumer group.
struct GroupMember: Sendable {
    var id: String
    var instanceID: String?
    var clientID: String
    var clientHost: String
    var sessionTimeoutMillis: Int64
    var rebalanceTimeoutMillis: Int64
    /// What the member can do, best first, each with what it tells the leader.
    var protocols: [GroupProtocol]
    var assignment: [UInt8] = []
    /// When it is given up, unless it is heard of before.
    var expiresMillis: Int64
    /// The request that waits for the rebalance to gather its members.
    var joining: UInt64?
    /// The request that waits for the leader's assignment.
    var syncing: UInt64?
}

/// An assignment strategy that a member can follow, such as `range`, with what it tells the leader.
public struct GroupProtocol: Sendable, Hashable {
    public let name: String
    public let metadata: [UInt8]
    public init(name: String, metadata: [UInt8]) { (self.name, self.metadata) = (name, metadata) }
}

/// Where a group stands between two rebalances.
public enum GroupPhase: Sendable, Hashable {
    case empty
    /// Members are asked to join again; it goes on when all have, or at the deadline.
    case preparingRebalance(deadlineMillis: Int64)
    /// The leader works out who gets what.
    case completingRebalance(deadlineMillis: Int64)
    case stable

    /// The name in Kafka's protocol.
    public var name: String {
        switch self {
        case .empty: "Empty"
        case .preparingRebalance: "PreparingRebalance"
        case .completingRebalance: "CompletingRebalance"
        case .stable: "Stable"
        }
    }
}

/// One group's state. `GroupCoordinator` decides how it changes.
struct ConsumerGroup: Sendable {
    var phase = GroupPhase.empty
    var generation: Int32 = 0
    var protocolType = ""
    var protocolName: String?
    var leader: String?
    var members: [String: GroupMember] = [:]
    /// In which order members came; the first still there leads.
    var order: [String] = []
    /// Ids that were given out and not used yet, with when they are given up (KIP-394).
    var promised: [String: Int64] = [:]

    mutating func add(_ member: GroupMember) {
        members[member.id] = member
        order.append(member.id)
    }

    mutating func remove(_ id: String) {
        members[id] = nil
        order.removeAll { $0 == id }
        if leader == id { leader = nil }
    }

    func member(instance: String) -> GroupMember? { members.values.first { $0.instanceID == instance } }

    /// Whether someone with these protocols can work with all members.
    func accepts(_ type: String, _ protocols: [GroupProtocol], besides id: String = "") -> Bool {
        let others = members.values.filter { $0.id != id }
        if others.isEmpty { return !type.isEmpty && !protocols.isEmpty }
        guard type == protocolType else { return false }
        return protocols.contains { offer in others.allSatisfy { $0.protocols.contains { $0.name == offer.name } } }
    }

    /// The protocol that all know and most like best; ties go to the name that sorts first.
    func electProtocol() -> String? {
        var shared = Set(members.values.first?.protocols.map(\.name) ?? [])
        for member in members.values { shared.formIntersection(member.protocols.map(\.name)) }
        var votes: [String: Int] = [:]
        for member in members.values {
            if let best = member.protocols.first(where: { shared.contains($0.name) }) {
                votes[best.name, default: 0] += 1
            }
        }
        return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    func metadata(of member: GroupMember) -> [UInt8] {
        member.protocols.first { $0.name == protocolName }?.metadata ?? []
    }
}
