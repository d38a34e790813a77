internal import Base
internal import CRocksDB
internal import Synchronization

/// Changes of stored state, collected by one worker for one epoch.
struct StateDelta: Sendable {
    struct Entry: Sendable {
        let key: [UInt8]
        /// nil deletes the key.
        let value: [UInt8]?

        /// The key's first 16 bytes as a number, which has the store's order.
        var prefix: UInt128 {
            var number: UInt128 = 0
            unsafe withUnsafeMutableBytes(of: &number) { unsafe $0.copyBytes(from: key.prefix(16)) }
            return UInt128(bigEndian: number)
        }
    }
    var entries: [Entry] = []
    mutating func put(_ key: [UInt8], _ value: [UInt8]) { entries.append(Entry(key: key, value: value)) }
    mutating func delete(_ key: [UInt8]) { entries.append(Entry(key: key, value: nil)) }
}

/// RocksDB, open for as long as this value lives. Workers read it at the same time; only the coordinator writes.
@safe
final class StateStore: @unchecked Sendable {
    // Sendable: RocksDB handles may be used from any thread, and none is replaced once made; whoever opened the store
    // closes it when all others are done.
    let directory: String
    private let database: OpaquePointer
    private var isOpen = true
    private let options: OpaquePointer
    private let tableOptions: OpaquePointer
    private let cache: OpaquePointer
    private let readOptions: OpaquePointer
    private let syncedWrite: OpaquePointer
    private let laterWrite: OpaquePointer

    /// RocksDB's `HEADER_LEVEL`, above its fatal errors.
    private static let quietLogLevel: Int32 = 5

    /// - Parameter cacheBytes: for blocks read back and writes not yet in files, together.
    init(directory: String, cacheBytes: Int) throws {
        self.directory = directory
        unsafe options = rocksdb_options_create()
        unsafe tableOptions = rocksdb_block_based_options_create()
        unsafe cache = rocksdb_cache_create_lru(max(1 << 20, cacheBytes / 2))
        unsafe readOptions = rocksdb_readoptions_create()
        unsafe syncedWrite = rocksdb_writeoptions_create()
        unsafe laterWrite = rocksdb_writeoptions_create()
        unsafe rocksdb_options_set_create_if_missing(options, 1)
        unsafe rocksdb_options_set_write_buffer_size(options, max(1 << 20, cacheBytes / 4))
        unsafe rocksdb_options_set_max_write_buffer_number(options, 2)
        unsafe rocksdb_options_set_keep_log_file_num(options, 2)
        // Nothing goes into RocksDB's own log: on a full disk its second failed line ends the process, in libraries that
        // are built with assertions, as Debian's is. What fails comes back from the calls anyway.
        unsafe rocksdb_options_set_info_log_level(options, Self.quietLogLevel)
        unsafe rocksdb_options_set_max_open_files(options, 128)
        unsafe rocksdb_options_set_stats_dump_period_sec(options, 0)
        unsafe rocksdb_block_based_options_set_block_cache(tableOptions, cache)
        unsafe rocksdb_options_set_block_based_table_factory(options, tableOptions)
        unsafe rocksdb_writeoptions_set_sync(syncedWrite, 1)
        var problem: UnsafeMutablePointer<CChar>?
        let opened = unsafe rocksdb_open(options, directory, &problem)
        if let opened = unsafe opened {
            unsafe database = opened
        } else {
            unsafe rocksdb_cache_destroy(cache)
            unsafe rocksdb_block_based_options_destroy(tableOptions)
            unsafe rocksdb_options_destroy(options)
            unsafe rocksdb_readoptions_destroy(readOptions)
            unsafe rocksdb_writeoptions_destroy(syncedWrite)
            unsafe rocksdb_writeoptions_destroy(laterWrite)
            throw unsafe StreamingError.storage(
                operation: "open \(directory)", problem: Self.take(problem) ?? "unknown")
        }
    }

    /// Closes the files and gives the folder's lock back. Nothing may be asked of the store after.
    func close() {
        guard isOpen else { return }
        isOpen = false
        unsafe rocksdb_close(database)
    }

    deinit {
        close()
        unsafe rocksdb_cache_destroy(cache)
        unsafe rocksdb_block_based_options_destroy(tableOptions)
        unsafe rocksdb_options_destroy(options)
        unsafe rocksdb_readoptions_destroy(readOptions)
        unsafe rocksdb_writeoptions_destroy(syncedWrite)
        unsafe rocksdb_writeoptions_destroy(laterWrite)
    }

    private static func take(_ problem: UnsafeMutablePointer<CChar>?) -> String? {
        guard let problem = unsafe problem else { return nil }
        defer { unsafe rocksdb_free(problem) }
        return unsafe String(cString: problem)
    }

    func get(_ key: [UInt8]) throws -> [UInt8]? {
        var problem: UnsafeMutablePointer<CChar>?
        let found = unsafe key.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe rocksdb_get_pinned(database, readOptions, $0.baseAddress, $0.count, &problem)
            }
        }
        if let message = unsafe Self.take(problem) { throw StreamingError.storage(operation: "read", problem: message) }
        guard let found = unsafe found else { return nil }
        defer { unsafe rocksdb_pinnableslice_destroy(found) }
        var length = 0
        guard let value = unsafe rocksdb_pinnableslice_value(found, &length) else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: value, count: length))
    }

    /// Calls `body` with every key that begins with `prefix`, in order, until it returns false.
    ///
    /// - Parameter first: where to begin among them; nil for the first.
    func scan(
        prefix: [UInt8], from first: [UInt8]? = nil,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        guard let iterator = unsafe rocksdb_create_iterator(database, readOptions) else {
            throw StreamingError.storage(operation: "read", problem: "no iterator")
        }
        defer { unsafe rocksdb_iter_destroy(iterator) }
        unsafe (first ?? prefix).withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe rocksdb_iter_seek(iterator, $0.baseAddress, $0.count)
            }
        }
        while unsafe rocksdb_iter_valid(iterator) != 0 {
            var (keyLength, valueLength) = (0, 0)
            guard let keyBase = unsafe rocksdb_iter_key(iterator, &keyLength),
                let valueBase = unsafe rocksdb_iter_value(iterator, &valueLength)
            else { break }
            let key = unsafe UnsafeRawBufferPointer(start: keyBase, count: keyLength)
            guard unsafe key.starts(with: prefix) else { break }
            guard try unsafe body(key, UnsafeRawBufferPointer(start: valueBase, count: valueLength)) else { return }
            unsafe rocksdb_iter_next(iterator)
        }
        var problem: UnsafeMutablePointer<CChar>?
        unsafe rocksdb_iter_get_error(iterator, &problem)
        if let message = unsafe Self.take(problem) { throw StreamingError.storage(operation: "read", problem: message) }
    }

    /// Writes all of it or nothing; on disk when this returns, if `synced`.
    func write(_ deltas: [StateDelta], synced: Bool) throws {
        guard let batch = unsafe rocksdb_writebatch_create() else {
            throw StreamingError.storage(operation: "write", problem: "no batch")
        }
        defer { unsafe rocksdb_writebatch_destroy(batch) }
        // RocksDB finds the place of a key fast next to the last one's. The sort is stable: changes of one key keep their
        // order.
        let entries = deltas.flatMap(\.entries)
        let places = entries.indices.map { (prefix: entries[$0].prefix, index: $0) }.sorted { $0.prefix < $1.prefix }
        for (_, index) in places {
            let entry = entries[index]
            unsafe entry.key.withUnsafeBufferPointer { key in
                unsafe key.withMemoryRebound(to: CChar.self) { key in
                    guard let value = entry.value else {
                        return unsafe rocksdb_writebatch_delete(batch, key.baseAddress, key.count)
                    }
                    unsafe value.withUnsafeBufferPointer { value in
                        unsafe value.withMemoryRebound(to: CChar.self) { value in
                            unsafe rocksdb_writebatch_put(
                                batch, key.baseAddress, key.count, value.baseAddress, value.count)
                        }
                    }
                }
            }
        }
        var problem: UnsafeMutablePointer<CChar>?
        unsafe rocksdb_write(database, synced ? syncedWrite : laterWrite, batch, &problem)
        if let message = unsafe Self.take(problem) {
            throw StreamingError.storage(operation: "write", problem: message)
        }
    }
}

/// Where things lie in the store.
enum StateKeys {
    static let header = Array("m/header".utf8)
    static let checkpoint = Array("m/checkpoint".utf8)
    static let committed = Array("m/committed".utf8)

    /// `s`, the operator (16 bits, big-endian), the key group, then the encoded key.
    static func prefix(operator id: Int, group: Int) -> [UInt8] {
        [
            UInt8(ascii: "s"), UInt8(truncatingIfNeeded: id >> 8), UInt8(truncatingIfNeeded: id),
            UInt8(truncatingIfNeeded: group),
        ]
    }
    static let prefixCount = 4

    static func key(operator id: Int, _ encoded: UnsafeRawBufferPointer, hash: UInt64) -> [UInt8] {
        var key = prefix(operator: id, group: KeyGroups.group(ofHash: hash))
        unsafe key.append(contentsOf: encoded)
        return key
    }
}
