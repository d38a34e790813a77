import EventLog
import Foundation
import Testing

@testable import KafkaServer

/// Confluent's Python client: an idempotent producer, groups with commits, offsets, and administration.
@Test func confluentsClientIsServed() async throws {
    guard let python = try await confluentPython() else { return }
    try await withServer { server, log in
        let result = try await run(
            python, ["-c", script, "127.0.0.1:\(server.boundPort)"], timeoutSeconds: 60)
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(result.lines.last == "all well", "\(result.output)\n\(result.errors)")
        #expect(log.topics.map(\.name.value) == ["numbers"])
    }
}

private let script = #"""
    import sys, time, threading
    from confluent_kafka import Producer, Consumer, TopicPartition, KafkaException, ConsumerGroupState, IsolationLevel
    from confluent_kafka.admin import AdminClient, NewTopic, NewPartitions, ConfigResource, OffsetSpec
    address = sys.argv[1]
    admin = AdminClient({'bootstrap.servers': address})
    def done(futures): return {key: future.result(timeout=20) for key, future in futures.items()}

    done(admin.create_topics([NewTopic('numbers', 3, 1, config={'retention.ms': '3600000'}), NewTopic('gone', 1, 1)]))
    for bad in (NewTopic('numbers', 3, 1), NewTopic('kept', 1, 1, config={'cleanup.policy': 'compact'}), NewTopic('far', 1, 3), NewTopic('no/name', 1, 1)):
        try: done(admin.create_topics([bad])); raise SystemExit(f'{bad} was accepted')
        except KafkaException as error: print('refused', error)
    configs = done(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, 'numbers')]))
    values = {name: entry.value for entries in configs.values() for name, entry in entries.items()}
    assert values['retention.ms'] == '3600000', values
    done(admin.create_partitions([NewPartitions('numbers', 4)]))
    assert len(admin.list_topics(timeout=10).topics['numbers'].partitions) == 4
    done(admin.delete_topics(['gone']))
    assert 'gone' not in admin.list_topics(timeout=10).topics

    errors = []
    def report(error, message):
        if error: errors.append(str(error))
    producer = Producer({'bootstrap.servers': address, 'enable.idempotence': True, 'compression.type': 'zstd', 'linger.ms': 2})
    for number in range(20000):
        producer.produce('numbers', value=str(number), key=str(number % 100), headers={'n': str(number)}, partition=number % 4, on_delivery=report)
        if number % 500 == 0: producer.poll(0)
    assert producer.flush(20) == 0 and not errors, errors[:3]

    consumer = Consumer({'bootstrap.servers': address, 'group.id': 'readers', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False})
    assert [consumer.get_watermark_offsets(TopicPartition('numbers', p), timeout=10) for p in range(4)] == [(0, 5000)] * 4
    consumer.subscribe(['numbers'])
    def take(consumer, count, seconds=20):
        messages, end = [], time.time() + seconds
        while len(messages) < count and time.time() < end:
            for message in consumer.consume(min(1000, count - len(messages)), 0.5):
                assert not message.error(), message.error()
                messages.append(message)
        return messages
    first = take(consumer, 12000)
    assert len(first) == 12000
    assert all(dict(m.headers())['n'] == m.value() for m in first)
    consumer.commit(asynchronous=False)
    committed = consumer.committed([TopicPartition('numbers', p) for p in range(4)], timeout=10)
    assert sum(max(0, p.offset) for p in committed) == 12000, committed
    groups = admin.list_consumer_groups().result(timeout=10)
    assert [g.group_id for g in groups.valid] == ['readers'], groups.valid
    described = done(admin.describe_consumer_groups(['readers']))['readers']
    assert described.state == ConsumerGroupState.STABLE and len(described.members) == 1, described
    consumer.close()

    two = [Consumer({'bootstrap.servers': address, 'group.id': 'readers', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False, 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 200}) for _ in range(2)]
    shares = {}
    def assigned(consumer, partitions): shares[consumer] = sorted(p.partition for p in partitions)
    for one in two: one.subscribe(['numbers'], on_assign=assigned)
    rest, end = [], time.time() + 20
    while time.time() < end and (len(rest) < 8000 or sorted(map(len, shares.values())) != [2, 2]):
        for one in two: rest += [m for m in one.consume(500, 0.1) if not m.error()]
    assert sorted(map(len, shares.values())) == [2, 2], shares
    seen = {int(m.value()) for m in first} | {int(m.value()) for m in rest}
    assert seen == set(range(20000)), len(seen)
    for one in two: one.close()
    done(admin.delete_consumer_groups(['readers']))
    assert not admin.list_consumer_groups().result(timeout=10).valid

    latest = done(admin.list_offsets({TopicPartition('numbers', 0): OffsetSpec.latest(), TopicPartition('numbers', 1): OffsetSpec.earliest()}))
    assert sorted(r.offset for r in latest.values()) == [0, 5000], latest
    done(admin.delete_records([TopicPartition('numbers', 2, 1234)]))
    reader = Consumer({'bootstrap.servers': address, 'group.id': 'x', 'auto.offset.reset': 'error'})
    assert reader.get_watermark_offsets(TopicPartition('numbers', 2), timeout=10) == (1234, 5000)
    reader.close()
    transactional = Producer({'bootstrap.servers': address, 'transactional.id': 't', 'transaction.timeout.ms': 2000})
    try: transactional.init_transactions(2); raise SystemExit('a transaction was begun')
    except KafkaException as error: print('refused', error)
    print('all well')
    """#
