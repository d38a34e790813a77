/// Builds structures: add one value to each of `fields`, then call `appendStructure()`.
public final class StructureColumnBuilder: ColumnBuilder {
    public let fields: [ColumnBuilder]

    public init(_ fields: [Field]) {
        self.fields = fields.map { .make($0.type) }
        super.init(type: .structure(fields))
    }

    public func appendStructure() {
        validity.appendValid()
        length += 1
        for field in fields { precondition(field.count == count, "a field has \(field.count) values, not \(count)") }
    }

    public override func appendNull() {
        for field in fields { field.appendNull() }
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        switch scalar {
        case .null: appendNull()
        case .structure(let values) where values.count == fields.count:
            do throws(ColumnarError) {
                for (field, value) in zip(fields, values) { try field.append(value) }
            } catch {
                for field in fields { field.truncate(to: count) }
                throw error
            }
            appendStructure()
        default: throw .wrongValue("\(scalar)", type: type)
        }
    }

    public override func truncate(to newCount: Int) {
        // Also a field of the right count may hold half of a nested value.
        for field in fields { field.truncate(to: newCount) }
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity.finish(),
            children: fields.map { $0.finish() })
    }
}
