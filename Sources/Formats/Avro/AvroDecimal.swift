/// Decimals as Avro writes them: big-endian two's complement integers of any length.
@safe
enum AvroDecimal {
    /// Nil where 128 bits cannot hold it. No bytes at all are zero.
    static func number(_ bytes: UnsafeRawBufferPointer) -> Int128? {
        let negative = unsafe bytes.first.map { $0 & 0x80 != 0 } ?? false
        let padding: UInt8 = negative ? 0xff : 0
        var number: Int128 = negative ? -1 : 0
        let excess = max(0, bytes.count - 16)
        for index in 0..<excess where unsafe bytes[index] != padding { return nil }
        for index in excess..<bytes.count { number = number << 8 | Int128(unsafe bytes[index]) }
        // Bytes left out must have been copies of the sign.
        return (number < 0) == negative ? number : nil
    }

    static func fits(_ number: Int128, digits: Int) -> Bool {
        digits > 38 || number.magnitude < powers[digits]
    }

    private static let powers: [UInt128] = (0...38).map { (0..<$0).reduce(UInt128(1)) { power, _ in power * 10 } }

    /// How few bytes hold the number.
    static func byteCount(_ number: Int128) -> Int {
        let significant = 128 - (number < 0 ? ~number : number).leadingZeroBitCount
        return significant / 8 + 1
    }
}
