internal import Base

/// `<first offset>.times`, which lies beside a segment: a segment keeps batches as clients sent them, so that when the
/// log took them has to stand somewhere else.
///
///     entries of 20 bytes, by offset:  offset INT64  millis INT64  CRC-32C UINT32 of the 16 before
///
/// It is not synced: a batch whose entry a crash of the machine took along counts as appended with the one before it.
struct AppendTimesFile {
    static let suffix = ".times"
    static let entryBytes = 20

    private let file: any LogFile
    let count: Int

    init(_ file: any LogFile) throws(LogError) {
        self.file = file
        count = try file.size() / Self.entryBytes
    }

    static func encoded(_ entries: [AppendTime]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * entryBytes)
        for entry in entries {
            var writer = ByteWriter(reserving: entryBytes)
            writer.bigEndian(entry.offset)
            writer.bigEndian(entry.millis)
            writer.bigEndian(CRC32C.checksum(writer.bytes))
            bytes.append(contentsOf: writer.bytes)
        }
        return bytes
    }

    /// Some entries by their number; nil in the place of one that is damaged.
    func entries(_ numbers: Range<Int>) throws(LogError) -> [AppendTime?] {
        let bytes = try file.bytes(at: numbers.lowerBound * Self.entryBytes, count: numbers.count * Self.entryBytes)
        return unsafe bytes.withUnsafeBytes { buffer in
            stride(from: 0, through: buffer.count - Self.entryBytes, by: Self.entryBytes).map { place in
                let body = unsafe UnsafeRawBufferPointer(rebasing: buffer[place..<(place + 16)])
                var reader = unsafe ByteReader(UnsafeRawBufferPointer(rebasing: buffer[place...]))
                guard let offset = reader.bigEndian(Int64.self), let millis = reader.bigEndian(Int64.self),
                    unsafe reader.bigEndian(UInt32.self) == CRC32C.checksum(body)
                else { return nil }
                return AppendTime(offset: offset, millis: millis)
            }
        }
    }

    /// The entries that tell about `range`: the last at or before its beginning, and those inside.
    func entries(about range: Range<Int64>) throws(LogError) -> [AppendTime] {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            guard let (number, entry) = try sound(atOrBefore: middle, notBefore: low) else {
                low = middle + 1
                continue
            }
            if entry.offset <= range.lowerBound { low = middle + 1 } else { high = number }
        }
        var found: [AppendTime] = []
        var next = try sound(atOrBefore: low - 1, notBefore: 0)?.number ?? 0
        while next < count {
            let block = try entries(next..<min(next + 512, count))
            if block.isEmpty { break }
            for case let entry? in block {
                // Where all before it are damaged, the first sound one is the nearest that there is.
                if entry.offset >= range.upperBound, !found.isEmpty { return found }
                found.append(
                    AppendTime(offset: entry.offset, millis: max(entry.millis, found.last?.millis ?? .min)))
            }
            next += block.count
        }
        return found
    }

    /// The last entry that is not damaged.
    func last(before offset: Int64) throws(LogError) -> (number: Int, entry: AppendTime)? {
        var number = count - 1
        while let found = try sound(atOrBefore: number, notBefore: 0) {
            if found.entry.offset < offset { return found }
            number = found.number - 1
        }
        return nil
    }

    private func sound(atOrBefore number: Int, notBefore first: Int) throws(LogError) -> (
        number: Int, entry: AppendTime
    )? {
        var number = number
        while number >= first {
            if let found = try entries(number..<(number + 1)).first, let entry = found { return (number, entry) }
            number -= 1
        }
        return nil
    }
}
