internal import Base
internal import EventLog

extension Broker {
    func metadata(_ request: MetadataRequest, _ call: Call) {
        offload {
            let topics: [MetadataResponse.Topic]
            if let wanted = request.topics {
                topics = wanted.map { self.describe($0, creates: request.allowsCreation) }
            } else {
                topics = self.log.topics.map { self.describe($0) }
            }
            let response = MetadataResponse(broker: self.address(for: call), clusterID: self.clusterID, topics: topics)
            call.reply { response.write(to: &$0, version: call.version) }
        }
    }

    private func describe(_ topic: TopicDescription) -> MetadataResponse.Topic {
        let partitions = (0..<topic.partitionCount).map { index in
            MetadataResponse.Partition(index: index, error: .none)
        }
        return .init(error: .none, name: topic.name.value, id: topic.id, partitions: partitions)
    }

    private func describe(_ wanted: MetadataRequest.Topic, creates: Bool) -> MetadataResponse.Topic {
        let noID = TopicID(high: 0, low: 0)
        guard let text = wanted.name else {
            if let found = log.topics.first(where: { $0.id == wanted.id }) { return describe(found) }
            return .init(error: .unknownTopicID, name: nil, id: wanted.id ?? noID, partitions: [])
        }
        do throws(LogError) {
            let name = try TopicName(text)
            if let found = log.topic(name) { return describe(found) }
            guard creates, configuration.createsTopics else { throw .unknownTopic(text) }
            do throws(LogError) {
                return describe(try log.createTopic(name, partitions: configuration.defaultPartitions))
            } catch {
                // Another client may have asked for it in the same moment.
                guard case .topicExists = error, let found = log.topic(name) else { throw error }
                return describe(found)
            }
        } catch { return .init(error: KafkaErrorCode(error), name: text, id: noID, partitions: []) }
    }

    func createTopics(_ request: CreateTopicsRequest, _ call: Call) {
        offload {
            let outcomes = request.topics.map { self.create($0, validatesOnly: request.validatesOnly) }
            call.reply { CreateTopicsResponse(topics: outcomes).write(to: &$0, version: call.version) }
        }
    }

    private func create(_ topic: CreateTopicsRequest.Topic, validatesOnly: Bool) -> TopicOutcome {
        func refuse(_ code: KafkaErrorCode, _ message: String) -> TopicOutcome {
            TopicOutcome(name: topic.name, error: code, message: message)
        }
        guard !topic.hasAssignments else {
            return refuse(.invalidReplicaAssignment, "partitions cannot be placed by hand: there is one broker")
        }
        guard topic.replicationFactor == -1 || topic.replicationFactor == 1 else {
            return refuse(
                .invalidReplicationFactor, "replication factor \(topic.replicationFactor): there is one broker")
        }
        do throws(LogError) {
            let name = try TopicName(topic.name)
            var entries = log.configuration.topicDefaults.entries
            for (key, value) in topic.configuration { if let value { entries.append((key, value)) } }
            let settings = try TopicConfiguration(entries)
            let count = topic.partitionCount == -1 ? configuration.defaultPartitions : topic.partitionCount
            guard log.topic(name) == nil else { throw .topicExists(topic.name) }
            guard count > 0 else {
                throw .invalidConfiguration(key: "partitions", value: "\(count)", expected: "more than 0")
            }
            if validatesOnly {
                return TopicOutcome(name: topic.name, error: .none, message: nil, partitionCount: count)
            }
            let made = try log.createTopic(name, partitions: count, configuration: settings)
            return TopicOutcome(name: topic.name, id: made.id, error: .none, message: nil, partitionCount: count)
        } catch { return refuse(KafkaErrorCode(error), error.report.message) }
    }

    func deleteTopics(_ request: DeleteTopicsRequest, _ call: Call) {
        offload {
            let outcomes = request.topics.map { wanted -> TopicOutcome in
                let noID = TopicID(high: 0, low: 0)
                do throws(LogError) {
                    let named: TopicName
                    if let text = wanted.name {
                        named = try TopicName(text)
                    } else {
                        guard let found = self.log.topics.first(where: { $0.id == wanted.id }) else {
                            return TopicOutcome(name: nil, id: wanted.id ?? noID, error: .unknownTopicID, message: nil)
                        }
                        named = found.name
                    }
                    let id = self.log.topic(named)?.id ?? noID
                    try self.log.deleteTopic(named)
                    return TopicOutcome(name: named.value, id: id, error: .none, message: nil)
                } catch {
                    return TopicOutcome(
                        name: wanted.name, id: wanted.id ?? noID, error: KafkaErrorCode(error),
                        message: error.report.message)
                }
            }
            call.reply { DeleteTopicsResponse(topics: outcomes).write(to: &$0, version: call.version) }
        }
    }

    func createPartitions(_ request: CreatePartitionsRequest, _ call: Call) {
        offload {
            let outcomes = request.topics.map { topic -> TopicOutcome in
                do throws(LogError) {
                    let name = try TopicName(topic.name)
                    guard let found = self.log.topic(name) else { throw .unknownTopic(topic.name) }
                    guard topic.total > found.partitionCount else {
                        throw .invalidConfiguration(
                            key: "partitions", value: "\(topic.total)", expected: "more than \(found.partitionCount)")
                    }
                    if !request.validatesOnly { try self.log.addPartitions(name, total: topic.total) }
                    return TopicOutcome(name: topic.name, error: .none, message: nil)
                } catch {
                    return TopicOutcome(name: topic.name, error: KafkaErrorCode(error), message: error.report.message)
                }
            }
            call.reply { CreatePartitionsResponse(topics: outcomes).write(to: &$0) }
        }
    }

    func deleteRecords(_ request: DeleteRecordsRequest, _ call: Call) {
        offload {
            let topics = request.topics.map { topic in
                (
                    name: topic.name,
                    partitions: topic.partitions.map { wanted -> DeleteRecordsResponse.Partition in
                        do throws(LogError) {
                            let handle = try self.partition(topic.name, wanted.index)
                            let before = wanted.offset == -1 ? handle.highWatermark : Offset(wanted.offset)
                            let start = try handle.deleteRecords(before: before)
                            return .init(index: wanted.index, startOffset: start.rawValue, error: .none)
                        } catch { return .init(index: wanted.index, startOffset: -1, error: KafkaErrorCode(error)) }
                    }
                )
            }
            call.reply { DeleteRecordsResponse(topics: topics).write(to: &$0) }
        }
    }

    func describeConfigs(_ request: DescribeConfigsRequest, _ call: Call) {
        let resources = request.resources.map { resource -> DescribeConfigsResponse.Resource in
            func result(
                _ error: KafkaErrorCode, _ message: String?, _ entries: [(key: String, value: String, isDefault: Bool)]
            ) -> DescribeConfigsResponse.Resource {
                .init(
                    error: error, message: message, type: resource.type, name: resource.name,
                    entries: entries.filter { resource.keys?.contains($0.key) ?? true })
            }
            let defaults = log.configuration.topicDefaults.entries
            switch resource.type {
            case 2:
                guard let name = try? TopicName(resource.name), let topic = log.topic(name) else {
                    return result(.unknownTopicOrPartition, "there is no topic '\(resource.name)'", [])
                }
                return result(
                    .none, nil,
                    zip(topic.configuration.entries, defaults).map { ($0.key, $0.value, $0.value == $1.value) })
            case 4:
                return result(
                    .none, nil,
                    [
                        ("auto.create.topics.enable", "\(configuration.createsTopics)", false),
                        ("num.partitions", "\(configuration.defaultPartitions)", false),
                    ])
            default: return result(.invalidRequest, "only topics (2) and brokers (4) have a configuration", [])
            }
        }
        call.reply { DescribeConfigsResponse(resources: resources).write(to: &$0, version: call.version) }
    }
}
