import Testing

@testable import Base

@Test(arguments: 0..<50)
func whatIsWrittenIsRead(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let numbers = (0..<200).map { _ in Int64(bitPattern: random.next()) >> Int64(random.next() % 64) }
    var writer = ByteWriter()
    for number in numbers {
        writer.zigzagVarint(number)
        writer.unsignedVarint(UInt64(bitPattern: number))
        writer.bigEndian(number)
        writer.littleEndian(Int32(truncatingIfNeeded: number))
    }
    unsafe writer.bytes.withUnsafeBytes { bytes in
        var reader = unsafe ByteReader(bytes)
        for number in numbers {
            #expect(reader.zigzagVarint() == number)
            #expect(reader.unsignedVarint() == UInt64(bitPattern: number))
            #expect(reader.bigEndian(Int64.self) == number)
            #expect(reader.littleEndian(Int32.self) == Int32(truncatingIfNeeded: number))
        }
        #expect(reader.remaining == 0)
        let end = reader.position
        #expect(reader.bigEndian(UInt8.self) == nil && reader.unsignedVarint() == nil && reader.position == end)
    }
}

@Test func aVarintThatNeverEndsIsRefused() {
    unsafe [UInt8](repeating: 0xff, count: 11).withUnsafeBytes { bytes in
        var reader = unsafe ByteReader(bytes)
        #expect(reader.unsignedVarint() == nil)
        #expect(reader.position == 0)
    }
}

/// Values from RFC 3720, appendix B.4.
@Test(
    arguments: [
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        ([UInt8](0..<32), 0x46dd_794e), ([UInt8]("123456789".utf8), 0xe306_9283),
    ] as [([UInt8], UInt32)])
func checksumsAreThoseOfTheStandard(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.checksum(bytes) == expected)
    let (head, tail) = (Array(bytes[..<5]), Array(bytes[5...]))
    let continued = unsafe tail.withUnsafeBytes { unsafe CRC32C.checksum($0, continuing: CRC32C.checksum(head)) }
    #expect(continued == expected)
}

@Test func aBudgetIsKept() {
    let governor = MemoryGovernor(budgetBytes: 100)
    #expect(governor.reserve(60, for: "state"))
    #expect(!governor.reserve(50, for: "cache"))
    #expect(governor.heldBytes == 60)
    governor.charge(50, to: "cache")
    #expect(governor.holders == ["state": 60, "cache": 50])
    governor.release(60, from: "state")
    #expect(governor.reserve(50, for: "state"))
}

@Test func aLedgerKnowsWhatIsMissing() {
    var sums = HandOver(read: 10, written: 5, refused: 1, late: 2, filtered: 1, held: 1)
    #expect(sums.missing == 0)
    sums += HandOver(read: 1)
    #expect(sums.missing == 1)
}
