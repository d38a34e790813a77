// What can be seen of groups, and how they are forgotten.
extension GroupCoordinator {
    public struct Description: Sendable {
        public var name: String
        public var phase: GroupPhase
        public var protocolType: String
        public var protocolName: String
        public var members: [DescribedMember]

        /// A group that has committed positions, and members no more.
        public static func empty(_ name: String) -> Description {
            Description(name: name, phase: .empty, protocolType: "consumer", protocolName: "", members: [])
        }
    }

    public struct DescribedMember: Sendable {
        public var id: String
        public var instanceID: String?
        public var clientID: String
        public var clientHost: String
        public var metadata: [UInt8]
        public var assignment: [UInt8]
    }

    public func describe(_ name: String) -> Description? {
        groups[name].map { group in
            Description(
                name: name, phase: group.phase, protocolType: group.protocolType,
                protocolName: group.protocolName ?? "",
                members: group.order.compactMap { group.members[$0] }.map {
                    DescribedMember(
                        id: $0.id, instanceID: $0.instanceID, clientID: $0.clientID, clientHost: $0.clientHost,
                        metadata: group.metadata(of: $0), assignment: $0.assignment)
                })
        }
    }

    /// The groups that have been joined, sorted by name.
    public var descriptions: [Description] { groups.keys.sorted().compactMap { describe($0) } }

    /// The groups that have members.
    public var activeGroups: Set<String> { Set(groups.filter { !$0.value.members.isEmpty }.keys) }

    /// Forgets an empty group.
    ///
    /// - Returns: `nonEmptyGroup` when it has members; `none` when it is gone or was not known.
    public mutating func delete(_ name: String) -> KafkaErrorCode {
        guard groups[name]?.members.isEmpty ?? true else { return .nonEmptyGroup }
        groups[name] = nil
        return .none
    }
}
