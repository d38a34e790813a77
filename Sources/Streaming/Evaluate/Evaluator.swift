internal import Base
internal import Columnar
internal import SQL

/// Why one row could not be computed. The row goes to the dead-letter sink; the job goes on.
///
/// In DuckDB the same row would end the whole query; a stream cannot end, so the row leaves it, with its cause.
enum RowFault: UInt8, Sendable {
    /// No fault.
    case none
    /// No fault: the answer is null.
    case null
    case overflow, divisionByZero, cast, invalidArgument, missingTime, timeRange, timeAhead

    var code: String {
        switch self {
        case .none, .null: "STR-000"
        case .overflow: "STR-060"
        case .divisionByZero: "STR-061"
        case .cast: "STR-062"
        case .invalidArgument: "STR-063"
        case .missingTime: "STR-064"
        case .timeRange: "STR-065"
        case .timeAhead: "STR-066"
        }
    }

    var cause: String {
        switch self {
        case .none, .null: ""
        case .overflow: "a number in an expression is out of the range of its type"
        case .divisionByZero: "an integer division by zero"
        case .cast: "a value cannot be cast to the type that the query asks for"
        case .invalidArgument: "a function got an argument that it is not defined for"
        case .missingTime: "the time of the window is null"
        case .timeRange: "a time is outside of what a TIMESTAMP can be, 290309 BC to 294247"
        case .timeAhead: "the event time is further ahead of when the record was appended than event_time_ahead_max"
        }
    }
}

/// A batch under evaluation, and the rows that failed so far.
final class Frame {
    let columns: [Column]
    let count: Int
    private(set) var faults: [Int32: RowFault] = [:]

    init(_ columns: [Column], count: Int) { (self.columns, self.count) = (columns, count) }
    convenience init(_ batch: RecordBatch) { self.init(batch.columns, count: batch.count) }

    func fail(_ row: Int, _ fault: RowFault) {
        if faults[Int32(row)] == nil { faults[Int32(row)] = fault }
    }

    /// A frame over the same rows whose faults count only where `adopt` says so.
    func fork() -> Frame { Frame(columns, count: count) }
    func adopt(_ other: Frame, where wanted: (Int) -> Bool) {
        for (row, fault) in other.faults where wanted(Int(row)) { fail(Int(row), fault) }
    }
}

/// Computes one expression over whole batches. Made for one worker from a plan's expression.
class Evaluator {
    let type: DataType
    init(type: DataType) { self.type = type }
    func evaluate(_ frame: Frame) -> Column { preconditionFailure("an evaluator without evaluate") }
}

/// Computes one column from others of the same length.
typealias Kernel = (_ arguments: [Column], _ frame: Frame) -> Column

final class ColumnEvaluator: Evaluator {
    let index: Int
    init(index: Int, type: DataType) {
        self.index = index
        super.init(type: type)
    }
    override func evaluate(_ frame: Frame) -> Column { frame.columns[index] }
}

/// The same value in every row. Keeps the widest column made so far and slices it.
final class LiteralEvaluator: Evaluator {
    let value: Scalar
    private var cached: Column

    init(value: Scalar, type: DataType) throws {
        self.value = value
        cached = try LiteralEvaluator.column(value, type, 0)
        super.init(type: type)
    }

    override func evaluate(_ frame: Frame) -> Column {
        if cached.count < frame.count, let wider = try? Self.column(value, type, max(1024, frame.count)) {
            cached = wider
        }
        return cached.slice(0..<frame.count)
    }

    private static func column(_ value: Scalar, _ type: DataType, _ count: Int) throws -> Column {
        let builder = ColumnBuilder.make(type)
        for _ in 0..<count { try builder.append(value) }
        if count == 0 {
            try builder.append(value)  // Finds out now whether the literal fits its type.
            builder.truncate(to: 0)
        }
        return builder.finish()
    }
}

final class CallEvaluator: Evaluator {
    let arguments: [Evaluator]
    let kernel: Kernel
    init(arguments: [Evaluator], type: DataType, kernel: @escaping Kernel) {
        self.arguments = arguments
        self.kernel = kernel
        super.init(type: type)
    }
    override func evaluate(_ frame: Frame) -> Column { kernel(arguments.map { $0.evaluate(frame) }, frame) }
}

/// `CASE`: a branch's faults count only for the rows that take the branch.
final class ConditionalEvaluator: Evaluator {
    let conditions: [Evaluator]
    /// One more than conditions: the last is ELSE.
    let results: [Evaluator]
    init(conditions: [Evaluator], results: [Evaluator], type: DataType) {
        self.conditions = conditions
        self.results = results
        super.init(type: type)
    }

    override func evaluate(_ frame: Frame) -> Column {
        var choice = [Int32](repeating: Int32(conditions.count), count: frame.count)
        var open = frame.count
        for (index, condition) in conditions.enumerated() where open > 0 {
            let inner = frame.fork()
            let truth = BoolView(condition.evaluate(inner))
            let undecided = Int32(conditions.count)
            frame.adopt(inner) { choice[$0] == undecided }
            for row in 0..<frame.count where choice[row] == undecided && !truth.isNull(row) && truth[row] {
                choice[row] = Int32(index)
                open -= 1
            }
        }
        return Choose.rows(results, choice, frame, type)
    }
}

/// `COALESCE`: later arguments matter only where the earlier ones are null.
final class CoalesceEvaluator: Evaluator {
    let arguments: [Evaluator]
    init(arguments: [Evaluator], type: DataType) {
        self.arguments = arguments
        super.init(type: type)
    }

    override func evaluate(_ frame: Frame) -> Column {
        var columns: [Column] = []
        var choice = [Int32](repeating: -1, count: frame.count)
        for (index, argument) in arguments.enumerated() {
            let inner = frame.fork()
            let column = argument.evaluate(inner)
            frame.adopt(inner) { choice[$0] < 0 }
            columns.append(column)
            var open = false
            for row in 0..<frame.count where choice[row] < 0 {
                if column.isNull(row) { open = true } else { choice[row] = Int32(index) }
            }
            if !open {
                if index == 0 { return column }
                break
            }
        }
        return Choose.rows(columns, choice, type)
    }
}

/// Picks, row by row, out of several columns.
enum Choose {
    static func rows(_ results: [Evaluator], _ choice: [Int32], _ frame: Frame, _ type: DataType) -> Column {
        var used = Set<Int32>()
        for index in choice { used.insert(index) }
        let columns = results.enumerated().map { index, result in
            guard used.contains(Int32(index)) else { return Placeholder.column(type, count: frame.count) }
            let inner = frame.fork()
            let column = result.evaluate(inner)
            frame.adopt(inner) { choice[$0] == Int32(index) }
            return column
        }
        return rows(columns, choice, type)
    }

    /// Row i of column `choice[i]`; null where that is negative.
    static func rows(_ columns: [Column], _ choice: [Int32], _ type: DataType) -> Column {
        let schema = Schema([Field("value", type)])
        let all = Gather.concatenate(
            columns.map { RecordBatch(schema: schema, columns: [$0], count: $0.count) }, schema: schema)
        let count = Int32(choice.count)
        var rows = [Int32](repeating: -1, count: choice.count)
        for row in 0..<choice.count where choice[row] >= 0 { rows[row] = choice[row] * count + Int32(row) }
        return Gather.take(all.columns[0], rows)
    }
}

/// Three-valued AND and OR. A fault on the right does not count where the left decides.
final class LogicEvaluator: Evaluator {
    let arguments: [Evaluator]
    /// The value that decides: false for AND, true for OR.
    let deciding: Bool
    init(arguments: [Evaluator], deciding: Bool) {
        self.arguments = arguments
        self.deciding = deciding
        super.init(type: .bool)
    }

    override func evaluate(_ frame: Frame) -> Column {
        // 0: all so far are the other value, 1: a null was seen, 2: decided.
        var state = [UInt8](repeating: 0, count: frame.count)
        for argument in arguments {
            let inner = frame.fork()
            let view = BoolView(argument.evaluate(inner))
            frame.adopt(inner) { state[$0] != 2 }
            let nulls = view.column.nullCount > 0
            for row in 0..<frame.count where state[row] != 2 {
                if nulls && view.isNull(row) { state[row] = 1 } else if view[row] == deciding { state[row] = 2 }
            }
        }
        let values = BitOutput(count: frame.count)
        let valid = BitOutput(count: frame.count, ones: true)
        var nulls = false
        for row in 0..<frame.count {
            switch state[row] {
            case 2: if deciding { values.set(row) }
            case 1:
                valid.clear(row)
                nulls = true
            default: if !deciding { values.set(row) }
            }
        }
        return Column(
            type: .bool, count: frame.count, validity: nulls ? valid.finish() : nil, values: values.finish())
    }
}
