internal import Columnar

extension TypeName {
    /// The type, by DuckDB's names and aliases.
    ///
    /// - Throws: where there is no such type, or streams have none for it.
    func dataType() throws(SQLProblem) -> DataType {
        switch name {
        case "LIST", "ARRAY":
            if let item = children.first { return .list(Field("item", try item.type.dataType())) }
        case "STRUCT":
            return .structure(
                try children.map { (child) throws(SQLProblem) in Field(child.name ?? "", try child.type.dataType()) })
        case "MAP":
            if children.count == 2 {
                return .map(
                    key: Field("key", try children[0].type.dataType(), nullable: false),
                    value: Field("value", try children[1].type.dataType()), keysSorted: false)
            }
        case "DECIMAL", "NUMERIC", "DEC":
            let precision = parameters.first ?? 18
            let scale = parameters.count > 1 ? parameters[1] : parameters.isEmpty ? 3 : 0
            guard (1...38).contains(precision), (0...precision).contains(scale) else {
                throw SQLProblem(
                    .literal, "no decimal has these digits", expected: "DECIMAL(1 to 38, 0 to the first number)",
                    found: "DECIMAL(\(precision), \(scale))",
                    hint: "Choose a precision of at most 38 and a smaller scale.",
                    position: position)
            }
            return .decimal128(precision: precision, scale: scale)
        case "TIMESTAMP", "DATETIME":
            switch parameters.first {
            case nil, 4, 5, 6: return .sqlTimestamp
            case 0: return .timestamp(.second, zone: nil)
            case 1, 2, 3: return .timestamp(.millisecond, zone: nil)
            case 7, 8, 9: return .timestamp(.nanosecond, zone: nil)
            default: break
            }
        default: if let type = Self.simple[name] { return type }
        }
        throw SQLProblem(
            .typeMismatch, "there is no type \(name) in a stream",
            expected: "BOOLEAN, an integer type, DOUBLE, DECIMAL(p,s), VARCHAR, BLOB, DATE, TIMESTAMP ...", found: name,
            hint: NearestName.question(for: name, among: Self.simple.keys)
                ?? "Use one of DuckDB's types that Arrow has too, such as VARCHAR.",
            position: position)
    }

    /// Source: DuckDB 2.0, "Data Types", names and aliases.
    private static let simple: [String: DataType] = {
        let groups: [(DataType, String)] = [
            (.bool, "BOOLEAN BOOL LOGICAL"), (.int8, "TINYINT INT1"), (.int16, "SMALLINT INT2 INT16 SHORT"),
            (.int32, "INTEGER INT INT4 INT32 SIGNED INTEGRAL"), (.int64, "BIGINT INT8 INT64 LONG OID"),
            (.uint8, "UTINYINT UINT8"), (.uint16, "USMALLINT UINT16"), (.uint32, "UINTEGER UINT32"),
            (.uint64, "UBIGINT UINT64"), (NumericTypes.hugeint, "HUGEINT INT128"), (.float32, "FLOAT REAL FLOAT4"),
            (.float64, "DOUBLE FLOAT8"), (.utf8, "VARCHAR TEXT STRING CHAR BPCHAR NVARCHAR"),
            (.binary, "BLOB BYTEA BINARY VARBINARY"), (.date32, "DATE"), (.time64(.microsecond), "TIME"),
            (.timestamp(.second, zone: nil), "TIMESTAMP_S"), (.timestamp(.millisecond, zone: nil), "TIMESTAMP_MS"),
            (.timestamp(.microsecond, zone: nil), "TIMESTAMP_US"), (.timestamp(.nanosecond, zone: nil), "TIMESTAMP_NS"),
            (.sqlTimestampWithZone, "TIMESTAMPTZ"), (.intervalMonthDayNano, "INTERVAL"),
        ]
        var types: [String: DataType] = [
            "TIMESTAMP WITH TIME ZONE": .sqlTimestampWithZone, "DOUBLE PRECISION": .float64,
        ]
        for (type, names) in groups { for name in names.split(separator: " ") { types[String(name)] = type } }
        return types
    }()
}
