#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Key-value notes as the C data interface carries them.
///
/// Layout, in the machine's byte order: INT32 pairs, then for each pair INT32 length, key bytes, INT32 length, value bytes.
enum ArrowMetadata {
    /// Memory from `malloc` that holds `pairs`, or nil where there are none.
    static func allocate(_ pairs: [String: String]) -> UnsafePointer<CChar>? {
        guard !pairs.isEmpty else { return nil }
        var bytes = MutableBuffer()
        bytes.append(Int32(pairs.count))
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
            for var text in [key, value] {
                text.withUTF8 { utf8 in
                    bytes.append(Int32(utf8.count))
                    unsafe bytes.append(UnsafeRawBufferPointer(utf8))
                }
            }
        }
        let memory = unsafe malloc(bytes.byteCount)!
        unsafe memory.copyMemory(from: bytes.start, byteCount: bytes.byteCount)
        return unsafe UnsafePointer(memory.assumingMemoryBound(to: CChar.self))
    }

    /// The pairs at `memory`. Negative lengths mean a broken producer; how much memory there is nobody tells.
    static func read(_ memory: UnsafePointer<CChar>?) throws(ColumnarError) -> [String: String] {
        guard let memory = unsafe memory else { return [:] }
        let base = unsafe UnsafeRawPointer(memory)
        var position = 0
        func length() throws(ColumnarError) -> Int {
            let value = unsafe base.loadUnaligned(fromByteOffset: position, as: Int32.self)
            guard value >= 0 else { throw .foreignData("metadata with a length of \(value)") }
            position += 4
            return Int(value)
        }
        func text() throws(ColumnarError) -> String {
            let count = try length()
            defer { position += count }
            return unsafe String(decoding: UnsafeRawBufferPointer(start: base + position, count: count), as: UTF8.self)
        }
        var pairs: [String: String] = [:]
        for _ in 0..<(try length()) {
            let key = try text()
            pairs[key] = try text()
        }
        return pairs
    }
}
