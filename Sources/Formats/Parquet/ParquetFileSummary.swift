public import Columnar

/// What a Parquet file holds, as catalogs of tables (Delta Lake, Iceberg) record it.
public struct ParquetFileSummary: Sendable, Hashable {
    public let rows: Int
    public let bytes: Int
    /// The leaf columns that are not in lists or maps.
    public let columns: [ParquetColumnSummary]

    public func column(_ path: String...) -> ParquetColumnSummary? { columns.first { $0.path == path } }
}

/// The extremes and nulls of one leaf column.
public struct ParquetColumnSummary: Sendable, Hashable {
    /// The names from the top-level column down into structures.
    public let path: [String]
    /// The values' type; `minimum` and `maximum` are scalars of it.
    public let type: DataType
    /// nil where the file does not say.
    public let nullCount: Int?
    /// nil where all is null, or the type has no order, or the file does not say. NaN is left out.
    public let minimum: Scalar?
    public let maximum: Scalar?

    public init(path: [String], type: DataType, nullCount: Int?, minimum: Scalar?, maximum: Scalar?) {
        self.path = path
        self.type = type
        self.nullCount = nullCount
        self.minimum = minimum
        self.maximum = maximum
    }
}
