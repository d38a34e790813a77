internal import Base
internal import EventLog
internal import Synchronization

extension Broker {
    func produce(_ request: ProduceRequest, _ call: Call) {
        let answers = ProduceAnswers(request)
        @Sendable func finish() {
            let response = ProduceResponse(topics: answers.topics)
            if request.acks == 0 {
                // Without an answer, a closed connection is the only way to tell a client that it failed.
                return call.answer(answers.hasFailed ? .close : .silence)
            }
            call.reply { response.write(to: &$0, version: call.version) }
        }
        guard answers.count > 0 else { return finish() }
        for (topicPlace, topic) in request.topics.enumerated() {
            for (place, partition) in topic.partitions.enumerated() {
                append(partition, of: topic.name, request) { result in
                    if answers.put(result, topicPlace, place) { finish() }
                }
            }
        }
    }

    private func append(
        _ partition: ProduceRequest.Partition, of topic: String, _ request: ProduceRequest,
        done: @escaping @Sendable (ProduceResponse.Partition) -> Void
    ) {
        @Sendable func failed(_ code: KafkaErrorCode, _ message: String?) {
            done(.init(index: partition.index, error: code, baseOffset: -1, startOffset: -1, message: message))
        }
        guard request.transactionalID == nil else {
            return failed(.transactionalIDAuthorizationFailed, "transactions are not supported")
        }
        guard [-1, 0, 1].contains(request.acks) else { return failed(.invalidRequiredAcks, "acks is -1, 0 or 1") }
        guard let records = partition.records else { return failed(.invalidRecord, "there are no records") }
        do throws(LogError) {
            let handle = try self.partition(topic, partition.index)
            handle.append(records, durability: request.acks == -1 ? .synced : .written) { result in
                switch result {
                case .success(let appended):
                    done(
                        .init(
                            index: partition.index, error: .none, baseOffset: appended.baseOffset.rawValue,
                            startOffset: handle.startOffset.rawValue, message: nil))
                case .failure(let error): failed(KafkaErrorCode(error), error.report.message)
                }
            }
        } catch { failed(KafkaErrorCode(error), error.report.message) }
    }
}

/// Gathers the answers of a produce request's partitions, which come from the log's thread in any order.
private final class ProduceAnswers: Sendable {
    private struct State {
        var topics: [(name: String, partitions: [ProduceResponse.Partition])]
        var missing: Int
        var hasFailed = false
    }

    let count: Int
    private let state: Mutex<State>

    init(_ request: ProduceRequest) {
        let topics = request.topics.map { topic in
            (
                name: topic.name,
                partitions: topic.partitions.map {
                    ProduceResponse.Partition(
                        index: $0.index, error: .none, baseOffset: -1, startOffset: -1, message: nil)
                }
            )
        }
        count = topics.reduce(0) { $0 + $1.partitions.count }
        state = Mutex(State(topics: topics, missing: count))
    }

    /// Returns whether this was the last one.
    func put(_ answer: ProduceResponse.Partition, _ topic: Int, _ place: Int) -> Bool {
        state.withLock { state in
            state.topics[topic].partitions[place] = answer
            if answer.error != .none { state.hasFailed = true }
            state.missing -= 1
            return state.missing == 0
        }
    }

    var topics: [(name: String, partitions: [ProduceResponse.Partition])] { state.withLock { $0.topics } }
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
}
