import Base
import Testing

@testable import EventLog

@Test(arguments: CompressionCodec.allCases, [0, 1 << 20])
func recordsComeBackAsTheyWere(codec: CompressionCodec, tailBytes: Int) throws {
    let log = try DurableLog.open(
        directory: "log", configuration: configuration(tailBytes: tailBytes), fileSystem: MemoryFileSystem())
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    let headers = [RecordHeader(key: "trace", value: [1, 2]), RecordHeader(key: "none", value: nil)]
    for round in 0..<5 {
        var builder = RecordBatchBuilder(codec: codec)
        for place in 0..<200 {
            builder.append(
                key: place == 3 ? nil : Array("key\(place)".utf8),
                value: place == 4 ? nil : Array("value \(round) \(place)".utf8),
                timestampMillis: 5000 + Int64(place % 7), headers: place == 5 ? headers : [])
        }
        #expect(try partition.append(try builder.finish()).baseOffset == Offset(Int64(round * 200)))
    }
    #expect(partition.highWatermark == Offset(1000))
    var seen: Int64 = 250
    while seen < 1000 {
        let chunk = try partition.read(from: Offset(seen), bytesMax: 3000)
        var reader = RecordBatchReader(chunk)
        while let record = try reader.next() {
            let (round, place) = (seen / 200, seen % 200)
            #expect(record.offset == Offset(seen))
            #expect(record.timestampMillis == 5000 + place % 7)
            #expect(record.keyBytes == (place == 3 ? nil : Array("key\(place)".utf8)))
            #expect(record.valueBytes == (place == 4 ? nil : Array("value \(round) \(place)".utf8)))
            #expect(record.headers == (place == 5 ? headers : []))
            seen += 1
        }
        #expect(chunk.nextOffset == Offset(seen))
    }
    try log.close()
}

@Test func snappyInJavasFramingIsRead() throws {
    let text = Array(String(repeating: "the river runs ", count: 50).utf8)
    func framed(_ block: [UInt8]) throws -> [UInt8] {
        let packed = try CompressionCodec.snappy.compress(block)
        return [0, 0, UInt8(packed.count >> 8), UInt8(packed.count & 255)] + packed
    }
    let source =
        [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1] + (try framed(text)) + (try framed(text))
    let scratch = ScratchBuffer()
    let result = try unsafe source.withUnsafeBytes { bytes in
        unsafe [UInt8](try CompressionCodec.snappy.decompress(bytes, into: scratch))
    }
    #expect(result == text + text)
}

/// No damage to a batch may pass unseen, and none may end the process.
@Test(arguments: CompressionCodec.allCases)
func damagedBatchesAreRefused(codec: CompressionCodec) throws {
    let good = try batch((0..<50).map { "value \($0)" }, codec: codec)
    #expect(try BatchValidation.validate(good, bytesMax: 1 << 20).recordCount == 50)
    for count in stride(from: 0, to: good.count, by: 7) {
        #expect(throws: LogError.self) { try BatchValidation.validate(Array(good[..<count]), bytesMax: 1 << 20) }
    }
    var random = SplitMix64(seed: 7)
    for _ in 0..<300 {
        var bad = good
        let place = Int.random(in: 16..<bad.count, using: &random)
        bad[place] ^= UInt8.random(in: 1...255, using: &random)
        #expect(throws: LogError.self) { try BatchValidation.validate(bad, bytesMax: 1 << 20) }
        // With a checksum that fits, only what is inside can give it away, or it is a batch like any other.
        let crc = unsafe bad.withUnsafeBytes { bytes in
            unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[21...]))
        }
        for byte in 0..<4 { bad[17 + byte] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * byte)) }
        _ = try? BatchValidation.validate(bad, bytesMax: 1 << 20)
    }
    #expect(throws: LogError.batchTooLarge(bytes: good.count, bytesMax: 10)) {
        try BatchValidation.validate(good, bytesMax: 10)
    }
}

/// The values are those of Kafka's own documentation of its partitioner's hash.
@Test(arguments: [
    ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
    ("a-little-bit-longer-string", -1_486_304_829),
    ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
])
func keysGoWhereJavaPutsThem(key: String, hash: Int32) {
    let found = unsafe Array(key.utf8).withUnsafeBytes { unsafe Partitioner.murmur2($0) }
    #expect(Int32(bitPattern: found) == hash)
    #expect(Partitioner.murmur2(Array(key.utf8), partitions: 12) == (hash & 0x7fff_ffff) % 12)
}

@Test func keysGoWhereLibrdkafkaPutsThem() {
    let found = unsafe Array("123456789".utf8).withUnsafeBytes { unsafe Partitioner.crc32($0) }
    #expect(found == 0xcbf4_3926)
    #expect(Partitioner.consistent(Array("123456789".utf8), partitions: 10) == Int32(0xcbf4_3926 % 10))
}
