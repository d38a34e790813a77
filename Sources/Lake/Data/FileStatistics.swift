internal import Columnar

/// What is known of a data file's rows. Source: Delta Transaction Log Protocol, "Per-file Statistics".
struct FileStatistics {
    private static let stringLengthMax = 32

    /// One leaf column's part.
    struct ColumnRange {
        /// From the top of the schema down, such as `["address", "city"]`.
        var path: [String]
        var type: DataType
        var minimum: Scalar?
        var maximum: Scalar?
        var nullCount: Int64?
    }

    private let json: JSONValue

    /// - Parameter text: as an `add` has it; nil where it is no JSON.
    init?(_ text: String) {
        guard let json = try? JSONParser.parse(text) else { return nil }
        self.json = json
    }

    var rowCount: Int64? { json["numRecords"]?.integer }

    /// Reads only the number of rows.
    static func rowCount(_ text: String?) -> Int64? { text.flatMap { FileStatistics($0) }?.rowCount }

    func nullCount(_ column: String) -> Int64? { json["nullCount"]?[column]?.integer }

    /// Bounds of a top-level column's values; each nil where nothing is known. They may be wider than the values.
    func bounds(_ column: String, type: DataType) -> (minimum: Scalar?, maximum: Scalar?) {
        let lowest = json["minValues"]?[column].flatMap { Self.scalar($0, type: type, roundsUp: false) }
        let highest = json["maxValues"]?[column].flatMap { Self.scalar($0, type: type, roundsUp: true) }
        return (lowest, highest)
    }

    private static func scalar(_ json: JSONValue, type: DataType, roundsUp: Bool) -> Scalar? {
        switch type {
        case .int8, .int16, .int32, .int64: return json.integer.map { .int($0) }
        case .float32, .float64: return json.double.map { .double($0) }
        case .utf8: return json.string.map { .string($0) }
        case .date32: return json.string.flatMap { CivilTime.days($0) }.map { .int($0) }
        case .timestamp:
            guard let (micros, digits) = json.string.flatMap({ CivilTime.micros($0) }) else { return nil }
            // Writers cut times off at the millisecond, so the highest value may be up to that much later.
            return .int(roundsUp && digits <= 3 ? micros + 999 : micros)
        case .decimal128(_, let scale):
            switch json {
            case .integer(let number): return DecimalText.parse(String(number), scale: scale).map { .decimal($0) }
            case .number(let text), .string(let text): return DecimalText.parse(text, scale: scale).map { .decimal($0) }
            default: return nil
            }
        default: return nil
        }
    }

    /// The JSON text for an `add`.
    static func text(rows: Int64, columns: [ColumnRange]) -> String {
        var (lowest, highest, nulls) = (Tree(), Tree(), Tree())
        for column in columns {
            if let value = column.minimum.flatMap({ json($0, type: column.type, roundsUp: false) }) {
                lowest.insert(column.path[...], value)
            }
            if let value = column.maximum.flatMap({ json($0, type: column.type, roundsUp: true) }) {
                highest.insert(column.path[...], value)
            }
            if let count = column.nullCount { nulls.insert(column.path[...], .integer(count)) }
        }
        return JSONValue.members(
            ("numRecords", .integer(rows)), ("minValues", lowest.json), ("maxValues", highest.json),
            ("nullCount", nulls.json)
        ).text
    }

    private static func json(_ value: Scalar, type: DataType, roundsUp: Bool) -> JSONValue? {
        switch (value, type) {
        case (.int(let days), .date32): return .string(CivilTime.date(days: days))
        case (.int(let micros), .timestamp(_, let zone)):
            return .string(CivilTime.timestamp(micros: micros, isUTC: zone != nil))
        case (.int(let number), _) where type.isInteger: return .integer(number)
        case (.double(let number), .float32) where number.isFinite: return .number(String(Float(number)))
        case (.double(let number), _) where number.isFinite: return .number(String(number))
        case (.decimal(let unscaled), .decimal128(_, let scale)):
            return .number(DecimalText.format(unscaled, scale: scale))
        case (.string(let text), _): return string(text, roundsUp: roundsUp)
        default: return nil
        }
    }

    /// A bound of at most `stringLengthMax` characters.
    private static func string(_ text: String, roundsUp: Bool) -> JSONValue? {
        let scalars = text.unicodeScalars
        guard scalars.count > stringLengthMax else { return .string(text) }
        var kept = String.UnicodeScalarView(scalars.prefix(stringLengthMax))
        guard roundsUp else { return .string(String(kept)) }
        // The highest character behind the cut makes it an upper bound, unless that is what was cut off.
        let last: Unicode.Scalar = "\u{10ffff}"
        if scalars.dropFirst(stringLengthMax).first == last { return nil }
        kept.append(last)
        return .string(String(kept))
    }

    /// Nested objects in the making.
    private struct Tree {
        private var leaf: JSONValue?
        private var names: [String] = []
        private var children: [String: Tree] = [:]

        mutating func insert(_ path: ArraySlice<String>, _ value: JSONValue) {
            guard let name = path.first else {
                leaf = value
                return
            }
            if children[name] == nil { names.append(name) }
            children[name, default: Tree()].insert(path.dropFirst(), value)
        }

        var json: JSONValue {
            leaf ?? .object(names.map { JSONValue.Member($0, children[$0, default: Tree()].json) })
        }
    }
}
