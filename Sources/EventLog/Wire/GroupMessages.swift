/// JoinGroup, versions 0 to 9.
public struct JoinGroupRequest: Sendable {
    public var group: String
    public var sessionTimeoutMillis: Int32
    public var rebalanceTimeoutMillis: Int32
    public var memberID: String
    public var instanceID: String?
    public var protocolType: String
    public var protocols: [GroupProtocol]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        group = try reader.string()
        sessionTimeoutMillis = try reader.int32()
        rebalanceTimeoutMillis = version >= 1 ? try reader.int32() : sessionTimeoutMillis
        memberID = try reader.string()
        instanceID = version >= 5 ? try reader.nullableString() : nil
        protocolType = try reader.string()
        protocols = try reader.array { reader throws(LogError) in
            let offer = GroupProtocol(name: try reader.string(), metadata: try reader.byteArray())
            try reader.tags()
            return offer
        }
        if version >= 8 { _ = try reader.nullableString() }
        try reader.tags()
    }
}

extension GroupCoordinator.Joined {
    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.error(error)
        writer.int32(generation)
        if version >= 7 {
            writer.nullableString(protocolType)
            writer.nullableString(protocolName)
        } else {
            writer.string(protocolName ?? "")
        }
        writer.string(leader)
        if version >= 9 { writer.bool(false) }
        writer.string(memberID)
        writer.array(members) { writer, member in
            writer.string(member.id)
            if version >= 5 { writer.nullableString(member.instanceID) }
            writer.bytes(member.metadata)
            writer.tags()
        }
        writer.tags()
    }
}

/// SyncGroup, versions 0 to 5.
public struct SyncGroupRequest: Sendable {
    public var group: String
    public var generation: Int32
    public var memberID: String
    public var instanceID: String?
    public var protocolType: String?
    public var protocolName: String?
    public var assignments: [(member: String, assignment: [UInt8])]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        group = try reader.string()
        generation = try reader.int32()
        memberID = try reader.string()
        instanceID = version >= 3 ? try reader.nullableString() : nil
        protocolType = version >= 5 ? try reader.nullableString() : nil
        protocolName = version >= 5 ? try reader.nullableString() : nil
        assignments = try reader.array { reader throws(LogError) in
            let assignment = (member: try reader.string(), assignment: try reader.byteArray())
            try reader.tags()
            return assignment
        }
        try reader.tags()
    }
}

extension GroupCoordinator.Synced {
    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(error)
        if version >= 5 {
            writer.nullableString(protocolType)
            writer.nullableString(protocolName)
        }
        writer.bytes(assignment)
        writer.tags()
    }
}

/// Heartbeat, versions 0 to 4.
public struct HeartbeatRequest: Sendable {
    public var group: String
    public var generation: Int32
    public var memberID: String
    public var instanceID: String?

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        group = try reader.string()
        generation = try reader.int32()
        memberID = try reader.string()
        instanceID = version >= 3 ? try reader.nullableString() : nil
        try reader.tags()
    }

    public static func write(_ error: KafkaErrorCode, to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(error)
        writer.tags()
    }
}

/// LeaveGroup, versions 0 to 5.
public struct LeaveGroupRequest: Sendable {
    public var group: String
    public var members: [(id: String, instanceID: String?)]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        group = try reader.string()
        if version <= 2 {
            members = [(try reader.string(), nil)]
        } else {
            members = try reader.array { reader throws(LogError) in
                let member = (id: try reader.string(), instanceID: try reader.nullableString())
                if version >= 5 { _ = try reader.nullableString() }
                try reader.tags()
                return member
            }
        }
        try reader.tags()
    }
}

public struct LeaveGroupResponse: Sendable {
    public var members: [(id: String, instanceID: String?, error: KafkaErrorCode)]
    public init(members: [(id: String, instanceID: String?, error: KafkaErrorCode)]) { self.members = members }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        // Up to version 2 there is one member, and its error is the answer's.
        writer.error(version <= 2 ? members.first?.error ?? .none : .none)
        if version >= 3 {
            writer.array(members) { writer, member in
                writer.string(member.id)
                writer.nullableString(member.instanceID)
                writer.error(member.error)
                writer.tags()
            }
        }
        writer.tags()
    }
}

/// DescribeGroups, versions 0 to 5.
public struct DescribeGroupsRequest: Sendable {
    public var groups: [String]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        groups = try reader.array { reader throws(LogError) in try reader.string() }
        if version >= 3 { _ = try reader.bool() }
        try reader.tags()
    }
}

public struct DescribeGroupsResponse: Sendable {
    /// Each group asked for; nil where there is none.
    public var groups: [(name: String, description: GroupCoordinator.Description?)]
    public init(groups: [(name: String, description: GroupCoordinator.Description?)]) { self.groups = groups }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.array(groups) { writer, group in
            writer.error(.none)
            writer.string(group.name)
            writer.string(group.description?.phase.name ?? "Dead")
            writer.string(group.description?.protocolType ?? "")
            writer.string(group.description?.protocolName ?? "")
            writer.array(group.description?.members ?? []) { writer, member in
                writer.string(member.id)
                if version >= 4 { writer.nullableString(member.instanceID) }
                writer.string(member.clientID)
                writer.string(member.clientHost)
                writer.bytes(member.metadata)
                writer.bytes(member.assignment)
                writer.tags()
            }
            if version >= 3 { writer.int32(authorizedOperationsUnknown) }
            writer.tags()
        }
        writer.tags()
    }
}

/// ListGroups, versions 0 to 4.
public struct ListGroupsRequest: Sendable {
    /// The phases wanted; empty for all.
    public var states: [String] = []

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        if version >= 4 { states = try reader.array { reader throws(LogError) in try reader.string() } }
        try reader.tags()
    }
}

public struct ListGroupsResponse: Sendable {
    public var groups: [(name: String, protocolType: String, state: String)]
    public init(groups: [(name: String, protocolType: String, state: String)]) { self.groups = groups }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.error(.none)
        writer.array(groups) { writer, group in
            writer.string(group.name)
            writer.string(group.protocolType)
            if version >= 4 { writer.string(group.state) }
            writer.tags()
        }
        writer.tags()
    }
}

/// DeleteGroups, versions 0 to 2.
public struct DeleteGroupsRequest: Sendable {
    public var groups: [String]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        groups = try reader.array { reader throws(LogError) in try reader.string() }
        try reader.tags()
    }
}

public struct DeleteGroupsResponse: Sendable {
    public var groups: [(name: String, error: KafkaErrorCode)]
    public init(groups: [(name: String, error: KafkaErrorCode)]) { self.groups = groups }

    public func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(groups) { writer, group in
            writer.string(group.name)
            writer.error(group.error)
            writer.tags()
        }
        writer.tags()
    }
}
