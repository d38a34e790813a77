internal import Base
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Keeps the registry's changes. What `append` returned from is there after a crash.
public protocol RegistryJournal: Sendable {
    /// Adds one record, whole or not at all.
    func append(_ payload: [UInt8]) throws(RegistryError)
}

/// A journal that forgets, for a registry that lives only as long as the program.
public struct VolatileJournal: RegistryJournal {
    public init() {}
    public func append(_ payload: [UInt8]) {}
}

/// The journal's records as bytes.
///
///     8 bytes    "GRPREG01"
///     records:   payload bytes (big-endian UInt32), CRC-32C of the payload (big-endian UInt32), payload (JSON)
enum JournalFormat {
    static let magic = Array("GRPREG01".utf8)
    static let payloadBytesMax = 64 << 20

    static func frame(_ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reserving: payload.count + 8)
        writer.bigEndian(UInt32(payload.count))
        writer.bigEndian(CRC32C.checksum(payload))
        writer.append(payload)
        return writer.bytes
    }

    struct Record {
        let position: Int
        let payload: [UInt8]
    }

    /// The records up to the end, or to what was being written when the machine stopped.
    ///
    /// - Throws: the position of a broken record where a good one follows: that is damage, not a cut tail.
    static func records(_ bytes: [UInt8], path: String) throws(RegistryError) -> [Record] {
        guard bytes.count >= magic.count else {
            guard magic.starts(with: bytes) else { throw .corrupted(path: path, position: 0) }
            return []
        }
        guard bytes.starts(with: magic) else { throw .corrupted(path: path, position: 0) }
        var records: [Record] = []
        var position = magic.count
        while position < bytes.count {
            guard let payload = record(bytes, at: position) else {
                for later in (position + 1)..<bytes.count where record(bytes, at: later) != nil {
                    throw .corrupted(path: path, position: position)
                }
                break
            }
            records.append(Record(position: position, payload: payload))
            position += 8 + payload.count
        }
        return records
    }

    private static func record(_ bytes: [UInt8], at position: Int) -> [UInt8]? {
        guard position < bytes.count - 8 else { return nil }
        let word = { (start: Int) -> UInt32 in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + $1]) } }
        let length = Int(word(position))
        // The braces spare most checksums while looking for a record behind damage.
        guard length > 1, length <= payloadBytesMax, position + 8 + length <= bytes.count,
            bytes[position + 8] == UInt8(ascii: "["), bytes[position + 7 + length] == UInt8(ascii: "]")
        else { return nil }
        let payload = Array(bytes[(position + 8)..<(position + 8 + length)])
        return CRC32C.checksum(payload) == word(position + 4) ? payload : nil
    }
}

/// A journal in one file, synced with every record.
final class FileJournal: RegistryJournal {
    private let descriptor: Int32
    private let path: String
    /// Bytes that are known to be good. One append runs at a time.
    private let end: Mutex<Int>

    private init(descriptor: Int32, path: String, end: Int) {
        (self.descriptor, self.path) = (descriptor, path)
        self.end = Mutex(end)
    }

    deinit { close(descriptor) }

    /// The records of a file that may not exist yet; a record cut at the end is left out.
    static func load(_ path: String) throws(RegistryError) -> [JournalFormat.Record] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return [] }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Int(read(descriptor, $0.baseAddress, $0.count)) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return try JournalFormat.records(bytes, path: path)
    }

    /// Writes the file anew with one record, and opens it for more. The old file stays until the new one is safe.
    static func rewrite(_ path: String, with payload: [UInt8]) throws(RegistryError) -> FileJournal {
        let fresh = path + ".new"
        let descriptor = unsafe open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("create", fresh) }
        let bytes = JournalFormat.magic + JournalFormat.frame(payload)
        do throws(RegistryError) {
            try write(bytes, to: descriptor, at: 0, path: fresh)
            guard fsync(descriptor) == 0 else { throw failure("sync", fresh) }
            guard unsafe rename(fresh, path) == 0 else { throw failure("rename", fresh) }
            try syncFolder(of: path)
        } catch {
            close(descriptor)
            throw error
        }
        return FileJournal(descriptor: descriptor, path: path, end: bytes.count)
    }

    func append(_ payload: [UInt8]) throws(RegistryError) {
        let bytes = JournalFormat.frame(payload)
        try end.withLock { end throws(RegistryError) in
            do throws(RegistryError) {
                try Self.write(bytes, to: descriptor, at: end, path: path)
                guard fdatasync(descriptor) == 0 else { throw Self.failure("sync", path) }
            } catch {
                // What did get written goes, or it would stand as if accepted.
                _ = ftruncate(descriptor, off_t(end))
                throw error
            }
            end += bytes.count
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at start: Int, path: String) throws(RegistryError)
    {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(descriptor, $0.baseAddress.unsafelyUnwrapped + done, $0.count - done, off_t(start + done))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            done += count
        }
    }

    private static func syncFolder(of path: String) throws(RegistryError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", folder) }
    }

    private static func failure(_ operation: String, _ path: String) -> RegistryError {
        .storage(operation: operation, path: path, reason: unsafe String(cString: strerror(errno)))
    }
}
