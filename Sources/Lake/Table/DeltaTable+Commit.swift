internal import Base
internal import Storage
internal import Synchronization

extension DeltaTable {
    /// Makes an operation part of the table: planned on the newest snapshot, again and again until no other writer is
    /// faster.
    ///
    /// - Parameter transaction: whose commit this is; one that the table already has, or a later one, makes this do nothing.
    func commit(_ operation: DeltaOperation, transaction: (application: String, version: Int64)?) throws(LakeError)
        -> CommitOutcome
    {
        let outcome = try committing.withLock { _ throws(LakeError) in
            try commitAlone(operation, transaction: transaction)
        }
        pending.remove(operation.added.map(\.path))
        if outcome.isNew { checkpointIfDue(outcome.version) }
        return outcome
    }

    /// So many other writers in a row are no accident.
    private static let attemptsMax = 200

    private func commitAlone(
        _ operation: DeltaOperation, transaction: (application: String, version: Int64)?
    ) throws(LakeError) -> CommitOutcome {
        let id = identifiers.next()
        for _ in 0..<Self.attemptsMax {
            let base = try snapshot()
            try TableFeatures.checkWritable(base.tableProtocol, base.metadata)
            if let (application, version) = transaction, let done = base.transactionVersion(application),
                done >= version
            {
                return CommitOutcome(version: base.version, isNew: false)
            }
            let millis = clock.nowMicros() / 1000
            var actions = try operation.actions(on: base, nowMillis: millis)
            if let (application, version) = transaction {
                actions.append(
                    .transaction(SetTransaction(application: application, version: version, lastUpdated: millis)))
            }
            if actions.isEmpty { return CommitOutcome(version: base.version, isNew: false) }
            actions.insert(
                commitInfo(
                    operation.name, operation.parameters, id: id, isBlindAppend: operation.isBlindAppend, base.version),
                at: 0)
            guard try putCommit(base.version + 1, actions, id: id) else { continue }
            var replay = LogReplay(base)
            replay.apply(actions, version: base.version + 1)
            remember(try replay.snapshot(location: location))
            return CommitOutcome(version: base.version + 1, isNew: true)
        }
        throw .tooBusy(table: location, attempts: Self.attemptsMax)
    }

    /// Writes a commit's file; false where another writer has that version.
    ///
    /// A store that fails may still have written it, so that is looked up, by the commit's own id.
    func putCommit(_ version: Int64, _ actions: [Action], id: String? = nil) throws(LakeError) -> Bool {
        let file = log.names.commit(version)
        let bytes = ActionCoding.encode(actions)
        var doubt: StorageError?
        for _ in 0..<3 {
            do throws(StorageError) {
                try store.putIfAbsent(file, bytes)
                return true
            } catch {
                switch error {
                case .alreadyExists where doubt == nil: return false
                case .alreadyExists: break
                case _ where error.isAmbiguous: doubt = error
                default: throw .storage(error)
                }
            }
            do throws(StorageError) {
                // The bytes hold this commit's id, which no other commit has.
                return try store.get(file) == bytes
            } catch {
                if case .notFound = error { continue }
                throw .commitUnknown(table: location, version: version, cause: doubt ?? error)
            }
        }
        throw .commitUnknown(
            table: location, version: version, cause: doubt ?? .unavailable(path: file, reason: "no answer"))
    }

    func commitInfo(
        _ operation: String, _ parameters: [String: String], id: String, isBlindAppend: Bool, _ readVersion: Int64?
    ) -> Action {
        .commitInfo(
            .members(
                ("timestamp", .integer(clock.nowMicros() / 1000)), ("operation", .string(operation)),
                ("operationParameters", .strings(parameters)), ("readVersion", readVersion.map { .integer($0) }),
                ("isBlindAppend", .bool(isBlindAppend)), ("engineInfo", .string(Self.engine)), ("txnId", .string(id))))
    }

    // MARK: - Checkpoints

    /// Writes a checkpoint of the table as it is, which makes opening it faster.
    public func checkpoint() throws(LakeError) {
        let current = try snapshot()
        try CheckpointWriter(store: store, names: log.names).write(current, nowMillis: clock.nowMicros() / 1000)
    }

    /// A commit stands without its checkpoint: one that cannot be written now is tried again at the next turn.
    private func checkpointIfDue(_ version: Int64) {
        guard let current = latest.withLock({ $0 }), current.version == version,
            version % current.metadata.checkpointInterval == 0,
            // Such checkpoints must hold statistics as columns, which this writer does not make.
            current.metadata.configuration["delta.checkpoint.writeStatsAsStruct"]?.lowercased() != "true"
        else { return }
        try? CheckpointWriter(store: store, names: log.names).write(current, nowMillis: clock.nowMicros() / 1000)
    }
}

/// What came of a commit.
public struct CommitOutcome: Sendable, Hashable {
    /// The table's version afterwards.
    public let version: Int64
    /// False where the table had the commit already, or there was nothing to change.
    public let isNew: Bool
}
