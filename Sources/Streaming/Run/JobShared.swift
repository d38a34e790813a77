internal import Base
internal import Columnar
internal import Synchronization

/// What a job's workers and its coordinator share while one run lasts.
final class JobShared: Sendable {
    let plan: PhysicalPlan
    let settings: StreamJobSettings
    let sources: [any StreamSource]
    /// How many partitions of each source this run reads.
    let partitionCounts: [Int]
    let tables: [TableArrangement]
    /// Output, late rows, dead letters of the job's own, then those of each source; all but the first may be missing.
    let sinks: [(any StreamSink)?]
    let store: StateStore
    /// The last checkpoint; before the first, what it will say of sources and sinks.
    let start: Checkpoint
    let board: WatermarkBoard
    let clock: any SteadyClock
    let mailboxes: [Mailbox]
    let events = EventQueue()
    /// The newest barrier that workers are to inject.
    let barrierRequested: Atomic<UInt64>
    /// The newest epoch in the store.
    let durable: Atomic<UInt64>
    let stopping = Atomic<Bool>(false)
    let published: Mutex<[WorkerStatus]>

    var workers: Int { mailboxes.count }

    init(
        plan: PhysicalPlan, settings: StreamJobSettings, sources: [any StreamSource], partitionCounts: [Int],
        tables: [TableArrangement], sinks: [(any StreamSink)?], store: StateStore, start: Checkpoint,
        board: WatermarkBoard, clock: any SteadyClock
    ) {
        self.plan = plan
        self.settings = settings
        self.sources = sources
        self.partitionCounts = partitionCounts
        self.tables = tables
        self.sinks = sinks
        self.store = store
        self.start = start
        self.board = board
        self.clock = clock
        mailboxes = (0..<settings.workers).map { _ in Mailbox() }
        barrierRequested = Atomic(start.epoch.rawValue)
        durable = Atomic(start.epoch.rawValue)
        published = Mutex([WorkerStatus](repeating: WorkerStatus(), count: settings.workers))
    }

    var hasUnreadPartitions: Bool { Self.hasUnreadPartitions(sources, partitionCounts) }

    static func hasUnreadPartitions(_ sources: [any StreamSource], _ counts: [Int]) -> Bool {
        zip(sources, counts).contains { $0.partitionCount > $1 }
    }

    func wakeAll() { for mailbox in mailboxes { mailbox.wake() } }
}

/// What a worker tells about itself.
struct WorkerStatus: Sendable {
    var partitions: [PartitionStatus] = []
    var rowsIn: Int64 = 0
    var rowsOut: Int64 = 0
    var late: Int64 = 0
    var lateAfterIdle: Int64 = 0
    var refused: Int64 = 0
    var stateBytes = 0
    var groups = 0
}

/// What a worker has prepared when a barrier has passed all its operators.
struct WorkerReport: Sendable {
    let worker: Int
    let epoch: Epoch
    let delta: StateDelta
    let positions: [PartitionKey: Checkpoint.Partition]
    let watermarkMicros: Int64
    /// By sink.
    let handles: [[UInt8]]
    /// By step, since the run began.
    let totals: [Int: StepTotals]
    /// Rows that open windows really hold, by step.
    let held: [Int: Int64]
    let deadRows: Int64
}

struct PartitionKey: Hashable, Sendable {
    let source: Int
    let partition: Int
}

/// What happens to a job, in order, for its coordinator.
final class EventQueue: @unchecked Sendable {
    // Sendable: everything is read and written with the monitor's lock held.
    enum Event: Sendable { case rows(Int64), request, prepared(WorkerReport), failed(any PlatformError), stop, tick }
    private let monitor = Monitor()
    private var events: [Event] = []

    func put(_ event: Event) {
        monitor.locked {
            events.append(event)
            monitor.signal()
        }
    }

    /// All events, after waiting at most `micros` for one.
    func take(micros: Int64?) -> [Event] {
        monitor.locked {
            if events.isEmpty { monitor.wait(micros: micros) }
            defer { events = [] }
            return events
        }
    }
}
