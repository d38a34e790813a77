internal import Columnar

/// Matches a schema to a batch's columns and says how each value is written.
struct AvroEncodeCompiler {
    let schema: AvroSchema
    var steps: [AvroEncodeStep] = []
    var paths: [String] = []
    var members: [[AvroEncodeMember]] = []
    var symbols: [[[UInt8]: Int]] = []

    init(schema: AvroSchema) { self.schema = schema }

    mutating func compile(_ batch: RecordBatch) throws(AvroError) {
        // Refuses recursive types.
        _ = try schema.columnarSchema()
        if case .record(let record) = schema.resolve(schema.root) {
            try fields(record, batch.schema.fields, batch.columns, shift: 0, path: "")
        } else {
            guard batch.columns.count == 1 else {
                throw .columnMismatch(
                    expected: "one column for \(schema.root.label)", found: "\(batch.columns.count) columns",
                    path: "value")
            }
            try value(schema.root, batch.columns[0], shift: 0, path: "value")
        }
        emit(.end, path: "")
    }

    private mutating func fields(
        _ record: AvroRecord, _ fields: [Field], _ columns: [Column], shift: Int, path: String
    ) throws(AvroError) {
        for field in record.fields {
            guard let index = fields.firstIndex(where: { $0.name == field.name }) else {
                throw .columnMismatch(expected: "a column \(field.name)", found: "none", path: path + field.name)
            }
            try value(field.type, columns[index], shift: shift, path: path + field.name)
        }
    }

    private mutating func value(
        _ type: AvroType, _ column: Column, shift: Int, path: String
    ) throws(AvroError) {
        guard case .union(let branches) = schema.resolve(type) else {
            if column.nullCount > 0, schema.resolve(type) != .null { emit(.required, column, shift, path: path) }
            return try plain(type, column, shift: shift, path: path)
        }
        let null = branches.firstIndex { schema.resolve($0) == .null }
        if let (inner, nullable) = AvroMapping.nullable(branches, in: schema), nullable, let null {
            let at = emit(.nullable, column, shift, null, path: path)
            try plain(inner, column, shift: shift, path: path)
            steps[at].second = steps.count
        } else if branches.count == 1 {
            if column.nullCount > 0, null == nil { emit(.required, column, shift, path: path) }
            emit(.writeLong, path: path)
            try plain(branches[0], column, shift: shift, path: path)
        } else {
            try union(branches, null: null, column, shift: shift, path: path)
        }
    }

    private mutating func union(
        _ branches: [AvroType], null: Int?, _ column: Column, shift: Int, path: String
    ) throws(AvroError) {
        let present = branches.indices.filter { $0 != null }
        guard case .structure(let fields) = column.type, fields.count == present.count else {
            throw .columnMismatch(
                expected: "a structure of \(present.count) members for \(AvroType.union(branches).label)",
                found: "\(column.type)", path: path)
        }
        var end: Int?
        if let null {
            end = emit(.nullable, column, shift, null, -1, path: path)
        } else if column.nullCount > 0 {
            emit(.required, column, shift, path: path)
        }
        let at = emit(.union, nil, 0, members.count, path: path)
        members.append([])
        var found: [AvroEncodeMember] = []
        var jumps: [Int] = []
        for (branch, child) in zip(present, column.children) {
            unsafe found.append(
                AvroEncodeMember(
                    validity: child.validity?.base, isEmpty: child.type == .null,
                    shift: child.offset + shift + column.offset, branch: branch, start: steps.count))
            try plain(branches[branch], child, shift: shift + column.offset, path: path)
            jumps.append(emit(.jump, path: path))
        }
        members[steps[at].first] = found
        for jump in jumps { steps[jump].first = steps.count }
        if let end { steps[end].second = steps.count }
    }

    private mutating func plain(
        _ type: AvroType, _ column: Column, shift: Int, path: String
    ) throws(AvroError) {
        if case .dictionary(let index, _, _) = column.type, let dictionary = column.dictionary {
            let at = emit(.dictionary, column, shift, 0, width(index), path: path)
            if dictionary.nullCount > 0 { emit(.required, dictionary, 0, path: path) }
            try plain(type, dictionary, shift: 0, path: path)
            emit(.end, path: path)
            steps[at].first = steps.count
            return
        }
        let logical = schema.logical(type)
        switch (schema.resolve(type), column.type) {
        case (.null, .null): break
        case (.boolean, .bool): emit(.boolean, column, shift, path: path)
        case (.int, .int8), (.long, .int8): emit(.int8, column, shift, path: path)
        case (.int, .int16), (.long, .int16): emit(.int16, column, shift, path: path)
        case (.int, .uint8), (.long, .uint8): emit(.uint8, column, shift, path: path)
        case (.int, .uint16), (.long, .uint16): emit(.uint16, column, shift, path: path)
        case (.int, .int32), (.long, .int32): emit(.int32, column, shift, path: path)
        case (.long, .uint32): emit(.uint32, column, shift, path: path)
        case (.long, .int64): emit(.int64, column, shift, path: path)
        case (.int, .int64): emit(.int64AsInt, column, shift, path: path)
        case (.int, .date32) where logical == .date, (.int, .time32(.millisecond)) where logical == .timeMillis:
            emit(.int32, column, shift, path: path)
        case (.long, .time64(.microsecond)) where logical == .timeMicros: emit(.int64, column, shift, path: path)
        case (.long, .timestamp(let unit, let zone))
        where Self.agrees(logical, unit, isInstant: zone != nil):
            emit(.int64, column, shift, path: path)
        case (.float, .float32): emit(.float, column, shift, path: path)
        case (.float, .int32): emit(.int32AsFloat, column, shift, path: path)
        case (.double, .float64): emit(.double, column, shift, path: path)
        case (.double, .float32): emit(.floatAsDouble, column, shift, path: path)
        case (.double, .int32): emit(.int32AsDouble, column, shift, path: path)
        case (.double, .int64): emit(.int64AsDouble, column, shift, path: path)
        case (.string, .utf8), (.bytes, .utf8), (.bytes, .binary): emit(.bytes, column, shift, path: path)
        case (.bytes, .decimal128(let precision, let scale)) where decimal(logical, precision, scale):
            emit(.decimalBytes, column, shift, path: path)
        case (.fixed(let fixed), .decimal128(let precision, let scale)) where decimal(logical, precision, scale):
            emit(.decimalFixed, column, shift, fixed.size, path: path)
        case (.fixed(let fixed), .fixedSizeBinary(let byteWidth)) where fixed.size == byteWidth:
            emit(.fixed, column, shift, byteWidth, path: path)
        case (.fixed, .intervalMonthDayNano) where logical == .duration: emit(.duration, column, shift, path: path)
        case (.enumeration(let enumeration), .utf8):
            emit(.enumeration, column, shift, symbols.count, path: path)
            symbols.append(
                Dictionary(uniqueKeysWithValues: enumeration.symbols.enumerated().map { (Array($1.utf8), $0) }))
        case (.array(let items), .list):
            let at = emit(.list, column, shift, path: path)
            try value(items, column.children[0], shift: 0, path: path + "[]")
            emit(.end, path: path)
            steps[at].first = steps.count
        case (.map(let values), .map(let key, _, _)) where key.type == .utf8:
            let at = emit(.list, column, shift, path: path)
            let entries = column.children[0]
            if entries.children[0].nullCount > 0 {
                emit(.required, entries.children[0], entries.offset, path: path + "{key}")
            }
            emit(.bytes, entries.children[0], entries.offset, path: path + "{key}")
            try value(values, entries.children[1], shift: entries.offset, path: path + "{}")
            emit(.end, path: path)
            steps[at].first = steps.count
        case (.record(let record), .structure(let fields)):
            try self.fields(record, fields, column.children, shift: shift + column.offset, path: path + ".")
        default:
            throw .columnMismatch(expected: "a column for \(type.label)", found: "\(column.type)", path: path)
        }
    }

    /// Plain longs take timestamps of any unit, as numbers.
    private static func agrees(_ logical: AvroLogicalType?, _ unit: TimeUnit, isInstant: Bool) -> Bool {
        switch (logical, unit) {
        case (nil, _): true
        case (.timestampMillis, .millisecond), (.timestampMicros, .microsecond), (.timestampNanos, .nanosecond):
            isInstant
        case (.localTimestampMillis, .millisecond), (.localTimestampMicros, .microsecond),
            (.localTimestampNanos, .nanosecond):
            !isInstant
        default: false
        }
    }

    private func decimal(_ logical: AvroLogicalType?, _ precision: Int, _ scale: Int) -> Bool {
        guard case .decimal(let wider, scale) = logical else { return false }
        return wider >= precision
    }

    private func width(_ index: DataType) -> Int {
        if case .fixedWidth(let byteWidth) = index.layout { return byteWidth }
        return 4
    }

    @discardableResult
    private mutating func emit(
        _ operation: AvroEncodeOperation, _ column: Column? = nil, _ shift: Int = 0, _ first: Int = 0,
        _ second: Int = 0, path: String
    ) -> Int {
        let offsets = unsafe column?.offsets.map { unsafe $0.base.assumingMemoryBound(to: Int32.self) }
        unsafe steps.append(
            AvroEncodeStep(
                operation: operation, values: column?.values?.base, offsets: offsets, validity: column?.validity?.base,
                shift: (column?.offset ?? 0) + shift, first: first, second: second))
        paths.append(path)
        return steps.count - 1
    }
}
