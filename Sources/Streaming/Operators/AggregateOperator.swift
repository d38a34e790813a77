internal import Base
internal import Columnar
internal import SQL

/// GROUP BY over this worker's keys. Windowed groups end when the watermark passes their window; others live for ever.
///
/// Groups are numbered slots: a hash table finds the slot of a key, and each accumulator keeps an array by slot. Slots
/// that changed since the last barrier are written to the store at the next; slots that did not may be evicted and are
/// read back when their key comes again.
@safe
final class AggregateOperator: ChainOperator {
    /// One open window, or all groups of an aggregate without windows.
    private struct Pane {
        var slots: [Int32] = []
        /// Rows folded into the pane's groups, in memory or not.
        var rows: Int64 = 0
        /// Groups that are only in the store.
        var outside = 0
    }

    private let spec: AggregateSpec
    private let context: WorkerContext
    private let encoder: KeyEncoder
    private let decoder: KeyDecoder
    private let accumulators: [Accumulator]
    private let table = KeyTable()
    private let rowCounts = SlotArray<Int64>(0)
    /// Sum of the weights of a group's rows: the group exists while it is not 0.
    private let live = SlotArray<Int64>(0)
    private let dirty = SlotArray<UInt8>(0)
    private let stored = SlotArray<UInt8>(0)
    private let touched = SlotArray<UInt64>(0)
    private let batchOf = SlotArray<UInt64>(0)
    /// Where in its pane's list a slot stands.
    private let places = SlotArray<Int32>(0)
    private var dirtySlots: [Int32] = []
    private var panes: [Int64: Pane] = [:]
    /// Stored keys to delete at the next barrier, and those whose deletion may not be in the store yet.
    private var gone: Set<[UInt8]> = []
    private var goneInFlight: Set<[UInt8]> = []
    private var batchNumber: UInt64 = 0
    private var barrierNumber: UInt64 = 1
    private var watermarkMicros: Int64
    private var slots: UnsafeMutablePointer<Int32>
    private var slotsCapacity = 1 << 13

    init(spec: AggregateSpec, watermarkMicros: Int64, context: WorkerContext, step: Int, next: Port) throws {
        self.spec = spec
        self.context = context
        self.watermarkMicros = watermarkMicros
        encoder = KeyEncoder(types: spec.keyTypes, hasWindow: spec.windowColumn != nil)
        decoder = KeyDecoder(types: spec.keyTypes, hasWindow: spec.windowColumn != nil)
        accumulators = try spec.calls.map { try AccumulatorFactory.make($0.call, insertOnly: spec.insertOnly) }
        unsafe slots = .allocate(capacity: slotsCapacity)
        super.init(step: step, next: next)
        if spec.windowColumn == nil { panes[0] = Pane() }
        context.keyed.append(self)
    }

    deinit { unsafe slots.deallocate() }

    private var isGlobal: Bool { spec.keyTypes.isEmpty && spec.windowColumn == nil }
    private func exists(_ slot: Int32) -> Bool { isGlobal ? rowCounts[slot] > 0 : live[slot] != 0 }

    /// Bytes of state in memory.
    var stateBytes: Int {
        let slotBytes = 96 + accumulators.reduce(0) { $0 + $1.slotBytes }
        return table.keyBytes + table.count * slotBytes + accumulators.reduce(0) { $0 + $1.heapBytes }
    }
    var groupCount: Int { table.count }
    /// Rows in open windows.
    var heldRows: Int64 { spec.windowColumn == nil ? 0 : panes.values.reduce(0) { $0 + $1.rows } }

    // MARK: Rows

    override func push(_ changes: ChangeBatch, input: Int) throws {
        let count = changes.count
        totals.handOver.read += Int64(count)
        let columns = changes.batch.columns
        let windows = spec.windowColumn.map { columns[$0] }
        encoder.encode(spec.keyColumns.map { columns[$0] }, windows: windows, count: count)
        if count > slotsCapacity {
            slotsCapacity = count
            unsafe slots.deallocate()
            unsafe slots = .allocate(capacity: count)
        }
        for row in 0..<count {
            let (key, hash) = unsafe (encoder.key(row), encoder.hash(row))
            var slot = unsafe table.find(key, hash: hash)
            if slot < 0 { slot = unsafe try create(key, hash) }
            unsafe slots[row] = slot
        }
        let old = spec.emitsChanges ? try collectOld(count) : nil
        count == 0 ? () : account(changes, windows)
        for (accumulator, call) in zip(accumulators, spec.calls) {
            let arguments = call.arguments.map { columns[$0] }
            let weights = call.filter.map { filtered(columns[$0], changes.weights, count) } ?? changes.weights
            unsafe try accumulator.fold(
                FoldInput(count: count, slots: UnsafePointer(slots), weights: weights, arguments: arguments))
        }
        if let old { try emitChanges(old) }
    }

    /// Row counts, weights and dirt of each slot, and rows of each pane.
    private func account(_ changes: ChangeBatch, _ windows: Column?) {
        let count = changes.count
        let (rows, live, dirty, touched) = unsafe (rowCounts.base, self.live.base, self.dirty.base, self.touched.base)
        let weights = changes.weights.map { PrimitiveView<Int64>($0) }
        for row in 0..<count {
            let slot = unsafe Int(slots[row])
            unsafe rows[slot] &+= 1
            unsafe live[slot] &+= weights?[row] ?? 1
            unsafe touched[slot] = barrierNumber
            if unsafe dirty[slot] == 0 {
                unsafe dirty[slot] = 1
                dirtySlots.append(Int32(truncatingIfNeeded: slot))
            }
        }
        guard let windows else {
            totals.handOver.filtered += Int64(count)
            return
        }
        totals.handOver.held += Int64(count)
        let view = PrimitiveView<Int64>(windows)
        var start = 0
        while start < count {
            let window = view[start]
            var end = start + 1
            while end < count, view[end] == window { end += 1 }
            panes[window, default: Pane()].rows += Int64(end - start)
            start = end
        }
    }

    /// Weights with 0 where the filter is not true.
    private func filtered(_ filter: Column, _ weights: Column?, _ count: Int) -> Column {
        let view = BoolView(filter)
        let old = weights.map { PrimitiveView<Int64>($0) }
        let output = FixedOutput<Int64>(count: count)
        for row in 0..<count { output[row] = !view.isNull(row) && view[row] ? old?[row] ?? 1 : 0 }
        return Column(type: .int64, count: count, values: output.finish())
    }

    /// A slot for a key that is not in memory: new, or read back from the store.
    private func create(_ key: UnsafeRawBufferPointer, _ hash: UInt64) throws -> Int32 {
        let pane = spec.windowColumn == nil ? 0 : unsafe KeyDecoder.window(of: key)
        if let outside = panes[pane]?.outside, outside > 0 {
            let storeKey = unsafe StateKeys.key(operator: spec.id, key, hash: hash)
            if !gone.contains(storeKey), !goneInFlight.contains(storeKey), let value = try context.store.get(storeKey) {
                panes[pane]?.outside -= 1
                return unsafe try load(key, hash, value, pane)
            }
        }
        if spec.windowColumn != nil, endMicros(pane) <= watermarkMicros {
            throw StreamingError.ledger(
                step: "aggregate \(step)", epoch: context.passedEpoch.next, detail: "a row for a window that is closed")
        }
        let slot = unsafe add(key, hash)
        list(slot, in: pane)
        return slot
    }

    private func list(_ slot: Int32, in pane: Int64) {
        places[slot] = Int32(panes[pane]?.slots.count ?? 0)
        panes[pane, default: Pane()].slots.append(slot)
    }

    private func unlist(_ slot: Int32, in pane: Int64) {
        guard let last = panes[pane]?.slots.popLast(), last != slot else { return }
        panes[pane]?.slots[Int(places[slot])] = last
        places[last] = places[slot]
    }

    private func add(_ key: UnsafeRawBufferPointer, _ hash: UInt64) -> Int32 {
        let slot = unsafe table.insert(key, hash: hash)
        let count = table.slotCount
        rowCounts.ensure(count)
        live.ensure(count)
        dirty.ensure(count)
        stored.ensure(count)
        touched.ensure(count)
        batchOf.ensure(count)
        places.ensure(count)
        for accumulator in accumulators { accumulator.ensure(count) }
        return slot
    }

    private func release(_ slot: Int32) {
        table.remove(slot)
        rowCounts.reset(slot)
        live.reset(slot)
        dirty.reset(slot)
        stored.reset(slot)
        touched.reset(slot)
        batchOf.reset(slot)
        for accumulator in accumulators { accumulator.reset(slot) }
    }

    // MARK: Answers

    /// The output rows of these groups.
    private func answers(_ slots: [Int32]) throws -> RecordBatch {
        let builders = spec.keyTypes.map { ColumnBuilder.make($0) }
        var windows: [Int64] = []
        for slot in slots {
            let key = unsafe table.key(slot)
            unsafe try decoder.append(key, to: builders)
            if spec.windowColumn != nil { windows.append(unsafe KeyDecoder.window(of: key)) }
        }
        let keys = builders.map { $0.finish() }
        var columns = spec.outputKeys.enumerated().map { index, key -> Column in
            let type = spec.outputSchema[index].type
            switch key {
            case .plain(let number): return keys[number]
            case .windowStart:
                return Column(
                    type: type, count: slots.count,
                    values: .of(windows.map { $0 - (spec.windowIsStart ? 0 : spec.windowSize) }))
            case .windowEnd:
                return Column(
                    type: type, count: slots.count,
                    values: .of(windows.map { $0 + (spec.windowIsStart ? spec.windowSize : 0) }))
            }
        }
        for accumulator in accumulators { columns.append(try accumulator.results(slots)) }
        return RecordBatch(schema: spec.outputSchema, columns: columns, count: slots.count)
    }

    private struct OldAnswers {
        /// The batch's groups, each once; those that had an answer first.
        var slots: [Int32]
        var existing: Int
        var batch: RecordBatch
    }

    private func collectOld(_ count: Int) throws -> OldAnswers {
        batchNumber += 1
        var (existing, fresh): ([Int32], [Int32]) = ([], [])
        for row in 0..<count {
            let slot = unsafe slots[row]
            if batchOf[slot] == batchNumber { continue }
            batchOf[slot] = batchNumber
            if exists(slot) { existing.append(slot) } else { fresh.append(slot) }
        }
        return OldAnswers(slots: existing + fresh, existing: existing.count, batch: try answers(existing))
    }

    private func emitChanges(_ old: OldAnswers) throws {
        let present = old.slots.filter { exists($0) }
        let new = try answers(present)
        var (rows, weights): ([Int32], [Int64]) = ([], [])
        let frame = Frame(new)
        // A group whose answer is as it was says nothing.
        let shared = old.slots.prefix(old.existing).enumerated().filter { exists($0.element) }.map { Int32($0.offset) }
        var unchanged = [Bool](repeating: !shared.isEmpty, count: shared.count)
        let pairFrame = Frame([], count: shared.count)
        for (index, column) in new.columns.enumerated().dropFirst(spec.outputKeys.count) where !shared.isEmpty {
            let before = Gather.take(old.batch.columns[index], shared)
            guard let same = Comparison.kernel(.notDistinctFrom, [column.type, column.type]) else {
                unchanged = unchanged.map { _ in false }
                break
            }
            let view = BoolView(same([before, column.slice(0..<shared.count)], pairFrame))
            for pair in unchanged.indices where !view[pair] { unchanged[pair] = false }
        }
        var silent: Set<Int32> = []
        for (pair, row) in shared.enumerated() where unchanged[pair] { silent.insert(row) }
        for row in 0..<Int32(old.existing) where !silent.contains(row) {
            rows.append(row)
            weights.append(-1)
        }
        for row in 0..<Int32(frame.count) where Int(row) >= shared.count || !unchanged[Int(row)] {
            rows.append(row + Int32(old.existing))
            weights.append(1)
        }
        for slot in old.slots where !exists(slot) { forget(slot) }
        guard !rows.isEmpty else { return }
        let both =
            old.batch.count == 0
            ? new : new.count == 0 ? old.batch : Gather.concatenate([old.batch, new], schema: spec.outputSchema)
        try emit(
            ChangeBatch(both, weights: Column(type: .int64, count: both.count, values: .zeros(both.count * 8))).taking(
                rows
            ).weighted(weights))
    }

    /// Removes a group whose rows have all been taken back.
    private func forget(_ slot: Int32) {
        let pane = spec.windowColumn == nil ? 0 : unsafe KeyDecoder.window(of: table.key(slot))
        if stored[slot] == 1 {
            unsafe gone.insert(StateKeys.key(operator: spec.id, table.key(slot), hash: table.hash(slot)))
        }
        if spec.windowColumn != nil {
            totals.handOver.held -= rowCounts[slot]
            totals.handOver.filtered += rowCounts[slot]
            panes[pane]?.rows -= rowCounts[slot]
        }
        unlist(slot, in: pane)
        release(slot)
    }

    // MARK: Time

    private func endMicros(_ window: Int64) -> Int64 {
        // The operator that made the windows has seen to it that their ends are instants.
        Calendar.micros(window &+ (spec.windowIsStart ? spec.windowSize : 0), spec.windowUnit) ?? .max
    }

    override func watermark(_ micros: Int64, input: Int) throws {
        if micros > watermarkMicros {
            watermarkMicros = micros
            if spec.windowColumn != nil {
                try close(panes.keys.filter { endMicros($0) <= micros }.sorted())
            }
        }
        try next.watermark(micros)
    }

    /// Answers and frees the groups of these windows, which are all that the watermark has passed.
    private func close(_ windows: [Int64]) throws {
        guard !windows.isEmpty else { return }
        var closed: [Int64: Int64] = [:]
        let stored = windows.filter { (panes[$0]?.outside ?? 0) > 0 }
        if let first = stored.first, let last = stored.last { try closeStored(first...last, &closed) }
        let slots = windows.flatMap { panes[$0]?.slots ?? [] }
        for start in stride(from: 0, to: slots.count, by: 8192) {
            try finish(Array(slots[start..<min(start + 8192, slots.count)]), &closed)
        }
        for window in windows {
            let (rows, expected) = (closed[window] ?? 0, panes[window]?.rows ?? 0)
            guard rows == expected else {
                throw StreamingError.ledger(
                    step: "aggregate \(step)", epoch: context.passedEpoch.next,
                    detail: "the groups of a window held \(rows) rows, not the \(expected) that went in")
            }
            panes[window] = nil
            totals.handOver.held -= rows
            totals.handOver.filtered += rows
        }
        dirtySlots.removeAll { dirty[$0] == 0 }
    }

    /// Answers and frees these groups, and adds the rows that they held to their windows'.
    private func finish(_ slots: [Int32], _ closed: inout [Int64: Int64]) throws {
        guard !slots.isEmpty else { return }
        if !spec.emitsChanges { try emit(ChangeBatch(try answers(slots))) }
        for slot in slots {
            let key = unsafe table.key(slot)
            unsafe closed[KeyDecoder.window(of: key), default: 0] += rowCounts[slot]
            if stored[slot] == 1 { unsafe gone.insert(StateKeys.key(operator: spec.id, key, hash: table.hash(slot))) }
            release(slot)
        }
    }

    /// The groups of these windows that are only in the store, some thousand at a time. Windows lie side by side in each
    /// key group of the store, so one search a key group finds them all.
    private func closeStored(_ windows: ClosedRange<Int64>, _ closed: inout [Int64: Int64]) throws {
        var pending: [Int32] = []
        for group in KeyGroups.groups(ofWorker: context.worker, workers: context.workers) {
            let prefix = StateKeys.prefix(operator: spec.id, group: group)
            var first = prefix
            unsafe withUnsafeBytes(of: UInt64(bitPattern: windows.lowerBound ^ Int64.min).bigEndian) {
                unsafe first.append(contentsOf: $0)
            }
            unsafe try context.store.scan(prefix: prefix, from: first) { stored, value in
                let key = unsafe UnsafeRawBufferPointer(rebasing: stored[StateKeys.prefixCount...])
                guard let base = key.baseAddress, unsafe KeyDecoder.window(of: key) <= windows.upperBound else {
                    return false
                }
                let hash = unsafe Hashing.hash(base, key.count)
                let storeKey = unsafe Array(stored)
                if unsafe table.find(key, hash: hash) >= 0 || gone.contains(storeKey) || goneInFlight.contains(storeKey)
                {
                    return true
                }
                pending.append(unsafe try load(key, hash, Array(value), nil))
                if pending.count >= 4096 {
                    try finish(pending, &closed)
                    pending = []
                }
                return true
            }
        }
        try finish(pending, &closed)
    }

    // MARK: State

    override func barrier(_ epoch: Epoch, input: Int) throws {
        for key in gone { context.delta.delete(key) }
        swap(&gone, &goneInFlight)
        goneInFlight.formUnion(gone)
        gone = []
        for slot in dirtySlots where dirty[slot] == 1 {
            var writer = ByteWriter(reserving: 64)
            writer.unsignedVarint(UInt64(rowCounts[slot]))
            writer.zigzagVarint(live[slot])
            for accumulator in accumulators { accumulator.encode(slot, into: &writer) }
            unsafe context.delta.put(
                StateKeys.key(operator: spec.id, table.key(slot), hash: table.hash(slot)), writer.bytes)
            dirty[slot] = 0
            stored[slot] = 1
        }
        dirtySlots = []
        barrierNumber += 1
        try next.barrier(epoch)
    }

    /// Everything of the last barrier is in the store now.
    func becameDurable() { goneInFlight = [] }

    /// - Parameter pane: where to list the slot; nil where it is freed at once.
    private func load(_ key: UnsafeRawBufferPointer, _ hash: UInt64, _ value: [UInt8], _ pane: Int64?) throws -> Int32 {
        let slot = unsafe add(key, hash)
        let good: Bool = unsafe value.withUnsafeBytes { raw in
            var reader = unsafe ByteReader(raw)
            guard let rows = reader.unsignedVarint(), let weight = reader.zigzagVarint() else { return false }
            rowCounts[slot] = Int64(rows)
            live[slot] = weight
            return accumulators.allSatisfy { $0.decode(slot, from: &reader) != nil } && reader.remaining == 0
        }
        guard good else {
            throw StreamingError.stateDamaged(
                directory: context.store.directory, problem: "a group of operator \(spec.id) cannot be read")
        }
        stored[slot] = 1
        if let pane { list(slot, in: pane) }
        return slot
    }

    /// Takes up what a checkpoint left, as far as it fits; the rest stays in the store until it is asked for.
    func restore(budgetBytes: Int) throws {
        for group in KeyGroups.groups(ofWorker: context.worker, workers: context.workers) {
            unsafe try context.store.scan(prefix: StateKeys.prefix(operator: spec.id, group: group)) { stored, value in
                let key = unsafe UnsafeRawBufferPointer(rebasing: stored[StateKeys.prefixCount...])
                let pane = spec.windowColumn == nil ? 0 : unsafe KeyDecoder.window(of: key)
                var reader = unsafe ByteReader(value)
                guard let rows = reader.unsignedVarint() else {
                    throw StreamingError.stateDamaged(
                        directory: context.store.directory, problem: "a group of operator \(spec.id) cannot be read")
                }
                panes[pane, default: Pane()].rows += Int64(rows)
                if stateBytes < budgetBytes {
                    let hash =
                        unsafe key.baseAddress.map { base in unsafe Hashing.hash(base, key.count) } ?? Hashing.hash([])
                    _ = unsafe try load(key, hash, Array(value), pane)
                } else {
                    panes[pane, default: Pane()].outside += 1
                }
                return true
            }
        }
    }

    /// Drops groups from memory that the store has as they are: first those that the last epoch did not touch.
    func evict(toBytes target: Int) {
        var bytes = stateBytes
        for onlyCold in [true, false] where bytes > target {
            for window in panes.keys.sorted() where bytes > target {
                guard var pane = panes[window] else { continue }
                var kept: [Int32] = []
                for slot in pane.slots {
                    let movable =
                        stored[slot] == 1 && dirty[slot] == 0 && (!onlyCold || touched[slot] + 1 < barrierNumber)
                    if movable && bytes > target {
                        let before = accumulators.reduce(0) { $0 + $1.heapBytes }
                        bytes -= unsafe table.key(slot).count + 96 + accumulators.reduce(0) { $0 + $1.slotBytes }
                        release(slot)
                        bytes -= before - accumulators.reduce(0) { $0 + $1.heapBytes }
                        pane.outside += 1
                    } else {
                        places[slot] = Int32(kept.count)
                        kept.append(slot)
                    }
                }
                pane.slots = kept
                panes[window] = pane
            }
        }
    }
}

extension ChangeBatch {
    fileprivate func weighted(_ weights: [Int64]) -> ChangeBatch {
        ChangeBatch(batch, weights: Column(type: .int64, count: weights.count, values: .of(weights)))
    }
}
