import Base
import Testing

@testable import EventLog

private func request(
    _ member: String, id: String = "", instance: String? = nil, protocols: [String] = ["range"], knownID: Bool = false,
    metadata: UInt8 = 1
) -> GroupCoordinator.JoinRequest {
    GroupCoordinator.JoinRequest(
        group: "g", memberID: id, instanceID: instance, clientID: "c", clientHost: "/h", sessionTimeoutMillis: 1000,
        rebalanceTimeoutMillis: 3000, protocolType: "consumer",
        protocols: protocols.map { GroupProtocol(name: $0, metadata: [metadata]) }, requiresKnownMemberID: knownID,
        newMemberID: member)
}

extension GroupCoordinator {
    fileprivate mutating func sync(
        _ member: String, _ generation: Int32, _ assignments: [String: [UInt8]] = [:], token: UInt64, _ now: Int64
    ) -> [Answer] {
        sync(
            group: "g", generation: generation, memberID: member, instanceID: nil, protocolType: nil, protocolName: nil,
            assignments: assignments, token: token, nowMillis: now)
    }

    /// A stable group of `a` (leader) and `b`, in generation 1, at time 1000.
    fileprivate static func ofTwo(instances: Bool = false) -> GroupCoordinator {
        var groups = GroupCoordinator()
        _ = groups.join(request("a", instance: instances ? "ia" : nil), token: 1, nowMillis: 0)
        _ = groups.join(request("b", instance: instances ? "ib" : nil), token: 2, nowMillis: 100)
        _ = groups.tick(nowMillis: 1000)
        _ = groups.sync("b", 1, token: 3, 1000)
        _ = groups.sync("a", 1, ["a": [10], "b": [20]], token: 4, 1000)
        return groups
    }
}

@Test func twoMembersGetTheirShares() {
    var groups = GroupCoordinator()
    #expect(groups.join(request("a", metadata: 1), token: 1, nowMillis: 0) == [])
    #expect(groups.join(request("b", metadata: 2), token: 2, nowMillis: 100) == [])
    #expect(groups.tick(nowMillis: 200) == [])
    let joined = groups.tick(nowMillis: 300)
    #expect(joined.map(\.token) == [1, 2])
    guard case .joined(let leader) = joined[0].response, case .joined(let other) = joined[1].response else {
        Issue.record("not joined")
        return
    }
    #expect((leader.generation, leader.leader, leader.memberID, leader.protocolName) == (1, "a", "a", "range"))
    #expect(leader.members.map(\.id) == ["a", "b"])
    #expect(leader.members.map(\.metadata) == [[1], [2]])
    #expect((other.memberID, other.leader, other.members.count) == ("b", "a", 0))
    #expect(groups.sync("b", 1, token: 3, 400) == [])
    let synced = groups.sync("a", 1, ["a": [10], "b": [20]], token: 4, 500)
    #expect(Set(synced.map(\.token)) == [3, 4])
    for answer in synced {
        guard case .synced(let share) = answer.response else { continue }
        #expect(share.assignment == (answer.token == 4 ? [10] : [20]))
    }
    #expect(groups.describe("g")?.phase == .stable)
}

@Test func aSilentMemberIsOutAndItsShareGoesOn() {
    var groups = GroupCoordinator.ofTwo()
    func beat(_ member: String, _ now: Int64) -> KafkaErrorCode {
        groups.heartbeat(group: "g", generation: 1, memberID: member, instanceID: nil, nowMillis: now)
    }
    #expect(beat("a", 1900) == .none)
    #expect(groups.tick(nowMillis: 2100) == [])
    #expect(groups.describe("g")?.members.map(\.id) == ["a"], "b was last heard of at 1000")
    #expect(beat("b", 2200) == .unknownMemberID)
    #expect(beat("a", 2200) == .rebalanceInProgress)
    let joined = groups.join(request("", id: "a"), token: 9, nowMillis: 2300)
    guard case .joined(let alone)? = joined.first?.response else {
        Issue.record("not joined")
        return
    }
    #expect((alone.generation, alone.members.map(\.id)) == (2, ["a"]))
    #expect(beat("a", 2400) == .illegalGeneration)
}

@Test func leavingStartsARebalanceAndTheLastOneEmptiesTheGroup() {
    var groups = GroupCoordinator.ofTwo()
    #expect(groups.delete("g") == .nonEmptyGroup)
    #expect(groups.leave(group: "g", memberID: "a", instanceID: nil, nowMillis: 1100).error == .none)
    #expect(groups.leave(group: "g", memberID: "a", instanceID: nil, nowMillis: 1100).error == .unknownMemberID)
    let joined = groups.join(request("", id: "b"), token: 9, nowMillis: 1200)
    guard case .joined(let alone)? = joined.first?.response else {
        Issue.record("not joined")
        return
    }
    #expect(alone.leader == "b")
    #expect(groups.leave(group: "g", memberID: "b", instanceID: nil, nowMillis: 1300).error == .none)
    #expect(groups.describe("g")?.phase == .empty)
    #expect(groups.delete("g") == .none)
}

@Test func newMembersComeAgainWithTheirID() {
    var groups = GroupCoordinator()
    let first = groups.join(request("a", knownID: true), token: 1, nowMillis: 0)
    guard case .joined(let refused)? = first.first?.response else { return }
    #expect((refused.error, refused.memberID) == (.memberIDRequired, "a"))
    #expect(groups.join(request("", id: "a", knownID: true), token: 2, nowMillis: 10) == [])
    #expect(groups.tick(nowMillis: 400).map(\.token) == [2])
    let stranger = groups.join(request("", id: "nobody"), token: 3, nowMillis: 500)
    guard case .joined(let unknown)? = stranger.first?.response else { return }
    #expect(unknown.error == .unknownMemberID)
}

@Test func aStaticMemberComesBackWithoutARebalance() {
    var groups = GroupCoordinator.ofTwo(instances: true)
    let back = groups.join(request("b2", instance: "ib"), token: 9, nowMillis: 1100)
    guard case .joined(let joined)? = back.first?.response else {
        Issue.record("it waits")
        return
    }
    #expect((joined.error, joined.generation, joined.memberID) == (.none, 1, "b2"))
    let synced = groups.sync("b2", 1, token: 10, 1200)
    #expect(
        synced == [
            .init(
                token: 10, response: .synced(.init(protocolType: "consumer", protocolName: "range", assignment: [20])))
        ])
    #expect(
        groups.heartbeat(group: "g", generation: 1, memberID: "b", instanceID: "ib", nowMillis: 1300)
            == .fencedInstanceID)
}

@Test func aLeaderThatNeverSyncsIsReplaced() {
    var groups = GroupCoordinator()
    _ = groups.join(request("a"), token: 1, nowMillis: 0)
    _ = groups.join(request("b"), token: 2, nowMillis: 0)
    _ = groups.tick(nowMillis: 300)
    _ = groups.sync("b", 1, token: 3, 400)
    let answers = groups.tick(nowMillis: 1400)
    #expect(answers.contains { $0.token == 3 && $0.response == .synced(.init(error: .rebalanceInProgress)) })
    let joined = groups.join(request("", id: "b"), token: 4, nowMillis: 1500)
    guard case .joined(let alone)? = joined.first?.response else {
        Issue.record("not joined")
        return
    }
    #expect((alone.leader, alone.generation) == ("b", 2))
}

@Test func protocolsMustAgree() {
    var groups = GroupCoordinator.ofTwo()
    let other = groups.join(request("c", protocols: ["sticky"]), token: 9, nowMillis: 1100)
    #expect(other == [.init(token: 9, response: .joined(.refused(.inconsistentGroupProtocol)))])
}

@Test func commitsAreForMembersAndLoneReaders() {
    var groups = GroupCoordinator.ofTwo()
    func check(_ group: String, _ generation: Int32, _ member: String) -> KafkaErrorCode {
        groups.checkCommit(group: group, generation: generation, memberID: member, instanceID: nil, nowMillis: 1100)
    }
    #expect(check("g", 1, "a") == .none)
    #expect(check("g", 2, "a") == .illegalGeneration)
    #expect(check("g", -1, "") == .unknownMemberID)
    #expect(check("other", -1, "") == .none)
    #expect(check("", -1, "") == .invalidGroupID)
}

@Test func groupsThatNobodyIsInAreForgotten() {
    var groups = GroupCoordinator()
    for number in 0..<100 {
        var refused = request("m\(number)", knownID: true)
        refused.group = "g\(number)"
        _ = groups.join(refused, token: 1, nowMillis: 0)
        refused = request("", id: "stranger")
        refused.group = "h\(number)"
        _ = groups.join(refused, token: 2, nowMillis: 0)
    }
    #expect(groups.tick(nowMillis: 100) == [])
    #expect(groups.groups.count == 100, "those with a place for somebody")
    #expect(groups.tick(nowMillis: 1100) == [])
    #expect(groups.groups.isEmpty)

    groups = .ofTwo()
    _ = groups.leave(group: "g", memberID: "a", instanceID: nil, nowMillis: 1100)
    _ = groups.tick(nowMillis: 1150)
    #expect(groups.groups.count == 1)
    _ = groups.leave(group: "g", memberID: "b", instanceID: nil, nowMillis: 1200)
    _ = groups.tick(nowMillis: 1250)
    #expect(groups.groups.isEmpty)
    #expect(groups.join(request("c"), token: 9, nowMillis: 1300) == [])
    #expect(groups.tick(nowMillis: 1700).map(\.token) == [9], "a new member finds a new group")
}

/// Whatever happens in whatever order, every request is answered once at most, and all are once time has passed.
@Test(arguments: 0..<100 as Range<UInt64>)
func everyRequestIsAnsweredOnce(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var groups = GroupCoordinator()
    var (now, token): (Int64, UInt64) = (0, 0)
    var open: Set<UInt64> = []
    func settle(_ answers: [GroupCoordinator.Answer]) {
        for answer in answers { #expect(open.remove(answer.token) != nil, "twice, seed \(seed)") }
    }
    for _ in 0..<300 {
        now += Int64.random(in: 0...400, using: &random)
        let members = groups.describe("g")?.members.map(\.id) ?? []
        let member = members.randomElement(using: &random) ?? "x"
        let generation = groups.groups["g"]?.generation ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            token += 1
            open.insert(token)
            settle(
                groups.join(request("m\(token)", knownID: Bool.random(using: &random)), token: token, nowMillis: now))
        case 1, 2:
            token += 1
            open.insert(token)
            settle(groups.join(request("", id: member), token: token, nowMillis: now))
        case 3, 4:
            token += 1
            open.insert(token)
            settle(groups.sync(member, generation, [:], token: token, now))
        case 5: settle(groups.leave(group: "g", memberID: member, instanceID: nil, nowMillis: now).answers)
        default: settle(groups.tick(nowMillis: now))
        }
    }
    for _ in 0..<20 {
        now += 1000
        settle(groups.tick(nowMillis: now))
    }
    #expect(open.isEmpty, "\(open) wait for ever, seed \(seed)")
}
