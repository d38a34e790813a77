/// Tells whether bytes are well-formed UTF-8, eight at a time while they are ASCII, as most are.
@safe
enum UTF8Check {
    @inline(__always)
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var index = 0
        while index + 8 <= bytes.count {
            guard unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
                return unsafe isValidBeyondASCII(bytes)
            }
            index += 8
        }
        while index < bytes.count {
            guard unsafe base.load(fromByteOffset: index, as: UInt8.self) < 0x80 else {
                return unsafe isValidBeyondASCII(bytes)
            }
            index += 1
        }
        return true
    }

    static func isValid(_ bytes: [UInt8]) -> Bool { unsafe bytes.withUnsafeBytes { unsafe isValid($0) } }

    @inline(never)
    private static func isValidBeyondASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
        return (try? UTF8Span(validating: span)) != nil
    }
}
