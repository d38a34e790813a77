internal import Base
internal import Storage

/// Finds and reads what is in a table's log.
struct LogReader: Sendable {
    let store: any ObjectStore
    let names: LogNames

    var location: String { store.location(names.table) }

    /// A commit's actions; nil where there is none of that version.
    func commit(_ version: Int64) throws(LakeError) -> [Action]? {
        let path = names.commit(version)
        let bytes: [UInt8]
        do throws(StorageError) { bytes = try store.get(path) } catch {
            if case .notFound = error { return nil }
            throw .storage(error)
        }
        return try ActionCoding.decode(bytes, file: store.location(path))
    }

    /// The newest snapshot, or that of `version`.
    func load(version wanted: Int64? = nil) throws(LakeError) -> DeltaSnapshot {
        if wanted == nil, let hint = lastCheckpoint() {
            let listing = try LogListing(names: names, objects: list(after: names.before(hint)))
            if !listing.checkpoints.isEmpty, let snapshot = try? load(listing, upTo: nil) { return snapshot }
        }
        let listing = try LogListing(names: names, objects: list(after: nil))
        guard !listing.commits.isEmpty || !listing.checkpoints.isEmpty else { throw .notATable(location: location) }
        return try load(listing, upTo: wanted)
    }

    /// Goes on from a snapshot with the commits that came since.
    func update(_ snapshot: DeltaSnapshot) throws(LakeError) -> DeltaSnapshot {
        guard let first = try commit(snapshot.version + 1) else {
            // Either nothing is new, or the log was cleaned up beyond where we are.
            return try exists(snapshot.version) ? snapshot : load()
        }
        var replay = LogReplay(snapshot)
        replay.apply(first, version: snapshot.version + 1)
        while let actions = try commit(replay.version + 1) { replay.apply(actions, version: replay.version + 1) }
        return try replay.snapshot(location: location)
    }

    /// The newest version whose commit was written at `millis` or before.
    func version(atMicros micros: Int64) throws(LakeError) -> Int64 {
        let listing = try LogListing(names: names, objects: list(after: nil))
        guard let first = listing.commits.min() else { throw .notATable(location: location) }
        var newest: Int64?
        var latest = Int64.min
        for version in listing.commits.sorted() {
            // Clocks may go back; versions do not.
            latest = max(latest, listing.modifiedMicros[version] ?? latest)
            if latest <= micros { newest = version }
        }
        guard let newest else {
            throw .noSuchVersion(
                location: location, requested: "version as of \(CivilTime.timestamp(micros: micros, isUTC: true))",
                available: "a time from "
                    + CivilTime.timestamp(micros: listing.modifiedMicros[first] ?? 0, isUTC: true) + " on")
        }
        return newest
    }

    private func exists(_ version: Int64) throws(LakeError) -> Bool {
        try storing { () throws(StorageError) in try store.exists(names.commit(version)) }
    }

    private func list(after: String?) throws(LakeError) -> [ObjectMetadata] {
        try storing { () throws(StorageError) in try store.list(prefix: names.folder + "/", startAfter: after) }
    }

    /// What `_last_checkpoint` says; only a hint.
    private func lastCheckpoint() -> Int64? {
        guard let bytes = try? store.get(names.lastCheckpoint), let json = try? JSONParser.parse(bytes) else {
            return nil
        }
        return json["version"]?.integer
    }

    private func load(_ listing: LogListing, upTo wanted: Int64?) throws(LakeError) -> DeltaSnapshot {
        let newest = max(listing.commits.max() ?? -1, listing.checkpoints.map(\.version).max() ?? -1)
        let target = wanted ?? newest
        guard target >= 0, target <= newest else {
            throw .noSuchVersion(
                location: location, requested: "version \(target)", available: "a version up to \(newest)")
        }
        var damage: LakeError?
        for checkpoint in listing.checkpoints.filter({ $0.version <= target }).sorted(by: { $0.version > $1.version }) {
            do throws(LakeError) {
                var replay = LogReplay()
                try CheckpointReader(store: store).read(checkpoint.paths) { replay.apply($0) }
                replay.endCheckpoint(version: checkpoint.version)
                return try load(from: replay, upTo: target, listing)
            } catch {
                if case .unsupportedFeature = error { throw error }
                // An older checkpoint and more commits may tell the same.
                damage = damage ?? error
            }
        }
        guard listing.commits.contains(0) else {
            throw damage ?? .missingCommit(location: location, version: 0)
        }
        return try load(from: LogReplay(), upTo: target, listing)
    }

    private func load(from start: LogReplay, upTo target: Int64, _ listing: LogListing) throws(LakeError)
        -> DeltaSnapshot
    {
        var replay = start
        while replay.version < target {
            let next = replay.version + 1
            guard listing.commits.contains(next), let actions = try commit(next) else {
                throw .missingCommit(location: location, version: next)
            }
            replay.apply(actions, version: next)
        }
        return try replay.snapshot(location: location)
    }
}

/// The files of a log, sorted out.
struct LogListing {
    struct Checkpoint: Hashable {
        let version: Int64
        /// All parts.
        let paths: [String]
    }

    private(set) var commits: Set<Int64> = []
    /// Only those of which all parts are there.
    private(set) var checkpoints: [Checkpoint] = []
    /// When each commit was written.
    private(set) var modifiedMicros: [Int64: Int64] = [:]

    init(names: LogNames, objects: [ObjectMetadata]) {
        struct Key: Hashable { let version: Int64, parts: Int }
        var parts: [Key: [String]] = [:]
        for object in objects {
            switch names.kind(object.path) {
            case .commit(let version):
                commits.insert(version)
                modifiedMicros[version] = object.modifiedMicros
            case .checkpoint(let version, _, let count):
                parts[Key(version: version, parts: count), default: []].append(object.path)
            case .other: break
            }
        }
        for (key, paths) in parts where paths.count == key.parts {
            checkpoints.append(Checkpoint(version: key.version, paths: paths))
        }
    }
}
