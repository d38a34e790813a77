/// Builds a column of nulls.
public final class NullColumnBuilder: ColumnBuilder {
    public override func appendNull() { length += 1 }
    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        guard scalar.isNull else { throw .wrongValue("\(scalar)", type: type) }
        appendNull()
    }
    public override func truncate(to newCount: Int) { length = newCount }
    public override func finish() -> Column {
        defer { length = 0 }
        return Column(type: type, count: count)
    }
}
