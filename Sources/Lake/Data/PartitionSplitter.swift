internal import Columnar

/// Divides batches by the values of their partition columns, which it takes out.
struct PartitionSplitter {
    let partitionIndices: [Int]
    let fileIndices: [Int]
    private let types: [DataType]
    private let names: [String]
    /// Partitions met so far, by their values as text; a value seen before is found by its scalars.
    private var numbers: [[String?]: Int] = [:]
    private var known: [[Scalar]: Int] = [:]
    /// The values of each partition, by its number.
    private(set) var partitions: [[String?]] = []

    init(schema: Schema, partitionColumns: [String]) {
        names = partitionColumns
        partitionIndices = partitionColumns.compactMap { schema.index(of: $0) }
        types = partitionIndices.map { schema[$0].type }
        fileIndices = (0..<schema.count).filter { !partitionColumns.contains(schema[$0].name) }
    }

    /// The rows of each partition in the batch, without the partition columns.
    mutating func split(_ batch: RecordBatch) -> [(partition: Int, rows: RecordBatch)] {
        guard batch.count > 0 else { return [] }
        if partitionIndices.isEmpty {
            return [(number(of: []), batch)]
        }
        let keys = partitionIndices.map { batch.columns[$0] }
        var rows: [Int: [Int32]] = [:]
        var order: [Int] = []
        var start = 0
        while start < batch.count {
            let end = endOfRun(keys, from: start, count: batch.count)
            let partition = number(of: keys.map { $0.scalar(at: start) })
            if rows[partition] == nil { order.append(partition) }
            rows[partition, default: []].append(contentsOf: Int32(start)..<Int32(end))
            start = end
        }
        let data = batch.selecting(fileIndices)
        if order.count == 1 { return [(order[0], data)] }
        return order.map { partition in
            let numbers = rows[partition] ?? []
            return (partition, data.take(numbers.span))
        }
    }

    /// The first row from `start` on whose keys differ.
    private func endOfRun(_ keys: [Column], from start: Int, count: Int) -> Int {
        var row = start + 1
        while row < count {
            for key in keys where !key.isEqual(row, key, row - 1) { return row }
            row += 1
        }
        return count
    }

    private mutating func number(of values: [Scalar]) -> Int {
        if let number = known[values] { return number }
        let text = zip(values, types).map { PartitionValue.text($0, type: $1) }
        let number = numbers[text] ?? partitions.count
        if number == partitions.count {
            numbers[text] = number
            partitions.append(text)
        }
        known[values] = number
        return number
    }
}
