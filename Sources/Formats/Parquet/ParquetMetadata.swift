internal import CArrow
internal import Columnar

/// Owns a Parquet file's account of itself: its row groups, leaf columns and their statistics.
@safe
final class ParquetMetadata {
    private let handle: OpaquePointer
    private let call: ArrowCall

    init(owning handle: OpaquePointer, call: ArrowCall) {
        unsafe self.handle = handle
        self.call = call
    }

    deinit { unsafe carrow_parquet_free(handle) }

    var rowCount: Int { unsafe Int(carrow_parquet_rows(handle)) }
    var rowGroupCount: Int { unsafe Int(carrow_parquet_row_groups(handle)) }
    var leafCount: Int { unsafe Int(carrow_parquet_leaves(handle)) }
    func rowCount(ofRowGroup group: Int) -> Int { unsafe Int(carrow_parquet_row_group_rows(handle, Int32(group))) }
    /// Which top-level field a leaf belongs to.
    func root(ofLeaf leaf: Int) -> Int { unsafe Int(carrow_parquet_leaf_root(handle, Int32(leaf))) }

    func path(ofLeaf leaf: Int) -> [String] {
        var names: [String] = []
        while let name = unsafe carrow_parquet_leaf_name(handle, Int32(leaf), Int32(names.count)) {
            names.append(unsafe String(cString: name))
        }
        return names
    }

    /// The extremes and nulls over all row groups of the leaves that are not repeated.
    func columnSummaries(_ schema: Schema) throws(FormatsError) -> [ParquetColumnSummary] {
        var summaries: [ParquetColumnSummary] = []
        for leaf in 0..<leafCount where unsafe !carrow_parquet_leaf_repeated(handle, Int32(leaf)) {
            let path = path(ofLeaf: leaf)
            guard let type = ParquetMetadata.leafType(path, schema) else { continue }
            var merged: ParquetColumnSummary?
            for group in 0..<rowGroupCount {
                let part = try summary(leaf: leaf, path: path, type: type, group: group)
                merged = merged.map { $0.merged(part) } ?? part
            }
            summaries.append(
                merged ?? ParquetColumnSummary(path: path, type: type, nullCount: 0, minimum: nil, maximum: nil))
        }
        return summaries
    }

    /// The summaries of one row group.
    func columnSummaries(_ schema: Schema, group: Int) throws(FormatsError) -> [ParquetColumnSummary] {
        var summaries: [ParquetColumnSummary] = []
        for leaf in 0..<leafCount where unsafe !carrow_parquet_leaf_repeated(handle, Int32(leaf)) {
            let path = path(ofLeaf: leaf)
            guard let type = ParquetMetadata.leafType(path, schema) else { continue }
            summaries.append(try summary(leaf: leaf, path: path, type: type, group: group))
        }
        return summaries
    }

    private func summary(
        leaf: Int, path: [String], type: DataType, group: Int
    ) throws(FormatsError) -> ParquetColumnSummary {
        var chunk = unsafe carrow_chunk()
        _ = try unsafe call { unsafe carrow_parquet_chunk(handle, Int32(group), Int32(leaf), &chunk, $0) }
        func decoded(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Scalar? {
            guard let start = unsafe start else { return nil }
            return unsafe ParquetStatistics.scalar(Array(UnsafeBufferPointer(start: start, count: count)), type: type)
        }
        return unsafe ParquetColumnSummary(
            path: path, type: type, nullCount: chunk.nulls < 0 ? nil : Int(chunk.nulls),
            minimum: decoded(chunk.minimum, chunk.minimum_count), maximum: decoded(chunk.maximum, chunk.maximum_count))
    }

    /// The type at the end of `path`, through structures.
    private static func leafType(_ path: [String], _ schema: Schema) -> DataType? {
        var fields = schema.fields
        for (depth, name) in path.enumerated() {
            guard let field = fields.first(where: { $0.name == name }) else { return nil }
            if depth == path.count - 1 { return field.type.withoutDictionaries }
            guard case .structure(let inner) = field.type else { return nil }
            fields = inner
        }
        return nil
    }
}

extension ParquetColumnSummary {
    /// Of both parts together. An extreme is known only if that of each part with values is.
    func merged(_ other: ParquetColumnSummary) -> ParquetColumnSummary {
        func pick(_ left: Scalar?, _ right: Scalar?, smaller: Bool) -> Scalar? {
            guard let left else { return right }
            guard let right else { return left }
            return ParquetStatistics.isLess(left, right) == smaller ? left : right
        }
        let nulls = nullCount.flatMap { mine in other.nullCount.map { mine + $0 } }
        return ParquetColumnSummary(
            path: path, type: type, nullCount: nulls, minimum: pick(minimum, other.minimum, smaller: true),
            maximum: pick(maximum, other.maximum, smaller: false))
    }
}
