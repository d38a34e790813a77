/// Builds lists and maps: add the items to `items`, then call `appendList()`.
///
/// A map's items are structures of a key and a value.
public final class ListColumnBuilder: ColumnBuilder {
    /// Takes the items of the list that `appendList()` will close.
    public let items: ColumnBuilder
    private var offsets = MutableBuffer(byteCapacity: 64)

    public init(_ type: DataType) {
        precondition(type.layout == .list, "\(type) is not a type of lists")
        items = .make(type.childFields[0].type)
        super.init(type: type)
        offsets.append(Int32(0))
    }

    /// Closes a list of all items added since the last one was closed.
    public func appendList() {
        offsets.append(Int32(items.count))
        validity.appendValid()
        length += 1
    }

    public override func appendNull() {
        offsets.append(Int32(items.count))
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        let before = items.count
        do throws(ColumnarError) {
            switch scalar {
            case .null: return appendNull()
            case .list(let values):
                for value in values { try items.append(value) }
            case .map(let entries):
                for entry in entries { try items.append(.structure([entry.key, entry.value])) }
            default: throw .wrongValue("\(scalar)", type: type)
            }
        } catch {
            items.truncate(to: before)
            throw error
        }
        appendList()
    }

    public override func truncate(to newCount: Int) {
        offsets.byteCount = (newCount + 1) * 4
        items.truncate(to: Int(unsafe (offsets.start + newCount * 4).load(as: Int32.self)))
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        var taken = MutableBuffer(byteCapacity: 64)
        taken.append(Int32(0))
        swap(&taken, &offsets)
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity.finish(), offsets: taken.finish(),
            children: [items.finish()])
    }
}
