internal import Base
internal import Synchronization

/// Where names that nobody else may have come from: data files, tables and commits.
public protocol IdentifierSource: Sendable {
    /// A UUID of version 4, as text.
    func next() -> String
}

/// UUIDs from the operating system's randomness.
public struct SystemIdentifiers: IdentifierSource {
    public init() {}
    public func next() -> String {
        var random = SystemRandomNumberGenerator()
        return UUIDText.make(&random)
    }
}

/// UUIDs that follow from a seed, for tests.
public final class SeededIdentifiers: IdentifierSource {
    private let random: Mutex<SplitMix64>
    public init(seed: UInt64) { random = Mutex(SplitMix64(seed: seed)) }
    public func next() -> String { random.withLock { UUIDText.make(&$0) } }
}

/// The text of a random UUID. Source: RFC 9562, 5.4.
enum UUIDText {
    static func make(_ random: inout some RandomNumberGenerator) -> String {
        let high = random.next() & 0xffff_ffff_ffff_0fff | 0x4000
        let low = random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        let digits = hex(high) + hex(low)
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hex(_ number: UInt64) -> [UInt8] {
        (0..<16).map { Array("0123456789abcdef".utf8)[Int(number >> UInt64(60 - 4 * $0) & 15)] }
    }
}
