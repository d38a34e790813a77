internal import Columnar

/// Brings batches into exactly the columns of a table, without losing anything.
///
/// Columns are matched by name; a nullable column that a batch lacks becomes null.
struct BatchConformer {
    let table: String
    let schema: Schema

    /// - Throws: `schemaMismatch` for a type that would need a cast, or a column that the table does not have;
    ///   `nullInRequiredColumn`.
    func conform(_ batch: RecordBatch) throws(LakeError) -> RecordBatch {
        if batch.schema == schema {
            try checkNulls(batch.columns)
            return batch
        }
        if let extra = batch.schema.fields.first(where: { schema.field(named: $0.name) == nil }) {
            throw .schemaMismatch(
                table: table, column: extra.name, expected: "no such column", found: "\(extra.type)")
        }
        var columns: [Column] = []
        for field in schema.fields {
            if let column = batch.column(named: field.name) {
                columns.append(try conform(column, to: field.type, name: field.name))
            } else {
                columns.append(.nulls(field.type, count: batch.count))
            }
        }
        try checkNulls(columns)
        return RecordBatch(schema: schema, columns: columns, count: batch.count)
    }

    private func checkNulls(_ columns: [Column]) throws(LakeError) {
        for (field, column) in zip(schema.fields, columns) where !field.nullable && column.nullCount > 0 {
            throw .nullInRequiredColumn(table: table, column: field.name)
        }
    }

    private func conform(_ column: Column, to type: DataType, name: String) throws(LakeError) -> Column {
        if column.type == type { return column }
        switch (column.type, type) {
        case (.dictionary, _):
            guard let dictionary = column.dictionary else { break }
            let values = try conform(dictionary, to: type, name: name)
            let rows = (0..<column.count).map { column.isNull($0) ? Int32(-1) : Int32(column.dictionaryIndex($0)) }
            return values.take(rows.span)
        case (.list, .list(let item)):
            let items = try conform(column.children[0], to: item.type, name: name + ".element")
            return rebuilt(column, as: type, children: [items])
        case (.structure(let old), .structure(let new)) where old.map(\.name) == new.map(\.name):
            var children: [Column] = []
            for (field, child) in zip(new, column.children) {
                children.append(try conform(child, to: field.type, name: "\(name).\(field.name)"))
            }
            return rebuilt(column, as: type, children: children)
        case (.map, .map(let key, let value, _)):
            let entries = column.children[0]
            let keys = try conform(entries.children[0], to: key.type, name: name + ".key")
            let values = try conform(entries.children[1], to: value.type, name: name + ".value")
            let inner = rebuilt(entries, as: type.childFields[0].type, children: [keys, values])
            return rebuilt(column, as: type, children: [inner])
        case (.timestamp(let unit, let zone), .timestamp(.microsecond, let tableZone)):
            guard (zone == nil) == (tableZone == nil) else { break }
            if unit == .microsecond { return rebuilt(column, as: type, children: []) }
            if unit != .nanosecond { return try cast(column, to: type, name: name, times: 1_000_000 / unit.perSecond) }
        case (.date64, .date32), (.uint8, .int16), (.uint16, .int32), (.uint32, .int64), (.float16, .float32),
            (.int8, .int16), (.int8, .int32), (.int8, .int64), (.int16, .int32), (.int16, .int64), (.int32, .int64),
            (.uint8, .int32), (.uint8, .int64), (.uint16, .int64), (.float32, .float64),
            (.fixedSizeBinary, .binary):
            return try cast(column, to: type, name: name, times: 1)
        case (.uint64, .decimal128(let precision, 0)) where precision >= 20:
            return try cast(column, to: type, name: name, times: 1)
        case (.decimal128(let narrow, let scale), .decimal128(let wide, let tableScale))
        where scale == tableScale && narrow <= wide:
            return rebuilt(column, as: type, children: [])
        case (.null, _): return .nulls(type, count: column.count)
        default: break
        }
        throw .schemaMismatch(table: table, column: name, expected: "\(type)", found: "\(column.type)")
    }

    /// The same memory under another type of the same layout.
    private func rebuilt(_ column: Column, as type: DataType, children: [Column]) -> Column {
        Column(
            type: type, count: column.count, offset: column.offset, nullCount: column.nullCount,
            validity: column.validity, values: column.values, offsets: column.offsets, children: children,
            dictionary: column.dictionary)
    }

    /// Value by value; only for types that Delta lacks.
    private func cast(_ column: Column, to type: DataType, name: String, times factor: Int64) throws(LakeError)
        -> Column
    {
        let builder = ColumnBuilder.make(type)
        for row in 0..<column.count {
            var value = column.scalar(at: row)
            switch (value, column.type) {
            case (.int(let millis), .date64): value = .int(CivilTime.floorDivide(millis, 86_400_000).0)
            case (.int(let time), _) where factor > 1:
                let (product, overflow) = time.multipliedReportingOverflow(by: factor)
                if overflow {
                    throw .schemaMismatch(
                        table: table, column: name, expected: "\(type)", found: "\(time) \(column.type)")
                }
                value = .int(product)
            case (.uint(let number), .uint64): value = .decimal(Int128(number))
            default: break
            }
            do throws(ColumnarError) { try builder.append(value) } catch {
                throw .schemaMismatch(table: table, column: name, expected: "\(type)", found: "\(value)")
            }
        }
        return builder.finish()
    }
}
