internal import CDuckDB
internal import Columnar

/// A `Scalar` as DuckDB's own value, for binding.
@safe
final class ParameterValue {
    let handle: duckdb_value

    private init(adopting handle: duckdb_value) { unsafe self.handle = handle }

    deinit {
        var closing: duckdb_value? = unsafe handle
        unsafe duckdb_destroy_value(&closing)
    }

    /// - Parameter type: what the value means; nil where the scalar says it all.
    /// - Returns: nil where the scalar does not fit the type, or no type is given where one is needed.
    init?(_ scalar: Scalar, type: DataType?) throws(DuckDBError) {
        guard let made = try unsafe ParameterValue.make(scalar, type) else { return nil }
        unsafe handle = made
    }

    private static func make(_ scalar: Scalar, _ type: DataType?) throws(DuckDBError) -> duckdb_value? {
        switch (scalar, type) {
        case (.null, _): return unsafe duckdb_create_null_value()
        case (.bool(let value), nil), (.bool(let value), .bool?): return unsafe duckdb_create_bool(value)
        case (.uint(let value), _): return unsafe duckdb_create_uint64(value)
        case (.double(let value), _): return unsafe duckdb_create_double(value)
        case (.int(let value), let type): return unsafe integer(value, type)
        case (.decimal(let value), .decimal128(let precision, let scale)?):
            return unsafe duckdb_create_decimal(
                duckdb_decimal(width: UInt8(precision), scale: UInt8(scale), value: hugeint(value)))
        case (.decimal(let value), nil): return unsafe duckdb_create_hugeint(hugeint(value))
        case (.string(let value), _):
            var copy = value
            return copy.withUTF8 { text in
                unsafe text.withMemoryRebound(to: CChar.self) {
                    unsafe duckdb_create_varchar_length($0.baseAddress, UInt64($0.count))
                }
            }
        case (.bytes(let value), _):
            return unsafe value.withUnsafeBufferPointer {
                unsafe duckdb_create_blob($0.baseAddress, UInt64($0.count))
            }
        case (.interval(let months, let days, let nanos), _):
            return unsafe duckdb_create_interval(duckdb_interval(months: months, days: days, micros: nanos / 1_000))
        case (.list(let items), .list(let item)?):
            let values = try all(items, item.type)
            guard let values else { return nil }
            let itemType = try LogicalType(item.type)
            var handles: [duckdb_value?] = unsafe values.map { unsafe $0.handle }
            return unsafe withExtendedLifetime((values, itemType)) {
                unsafe duckdb_create_list_value(itemType.handle, &handles, UInt64(handles.count))
            }
        case (.structure(let items), .structure(let fields)?) where items.count == fields.count:
            var values: [ParameterValue] = []
            for (item, field) in zip(items, fields) {
                guard let value = try ParameterValue(item, type: field.type) else { return nil }
                values.append(value)
            }
            let structType = try LogicalType(.structure(fields))
            var handles: [duckdb_value?] = unsafe values.map { unsafe $0.handle }
            return unsafe withExtendedLifetime((values, structType)) {
                unsafe duckdb_create_struct_value(structType.handle, &handles)
            }
        case (.map(let entries), .map(let key, let value, let sorted)?):
            guard let keys = try all(entries.map(\.key), key.type),
                let values = try all(entries.map(\.value), value.type)
            else { return nil }
            let mapType = try LogicalType(.map(key: key, value: value, keysSorted: sorted))
            var keyHandles: [duckdb_value?] = unsafe keys.map { unsafe $0.handle }
            var valueHandles: [duckdb_value?] = unsafe values.map { unsafe $0.handle }
            return unsafe withExtendedLifetime((keys, values, mapType)) {
                unsafe duckdb_create_map_value(
                    mapType.handle, &keyHandles, &valueHandles, UInt64(keyHandles.count))
            }
        default: return nil
        }
    }

    private static func all(_ scalars: [Scalar], _ type: DataType) throws(DuckDBError) -> [ParameterValue]? {
        var values: [ParameterValue] = []
        for scalar in scalars {
            guard let value = try ParameterValue(scalar, type: type) else { return nil }
            values.append(value)
        }
        return values
    }

    private static func integer(_ value: Int64, _ type: DataType?) -> duckdb_value? {
        switch type {
        case nil, .int8?, .int16?, .int32?, .int64?, .uint8?, .uint16?, .uint32?:
            unsafe duckdb_create_int64(value)
        case .uint64?: unsafe UInt64(exactly: value).flatMap { unsafe duckdb_create_uint64($0) }
        case .float32?, .float64?: unsafe duckdb_create_double(Double(value))
        case .date32?: unsafe Int32(exactly: value).flatMap { unsafe duckdb_create_date(duckdb_date(days: $0)) }
        case .date64?:
            unsafe Int32(exactly: value / 86_400_000).flatMap { unsafe duckdb_create_date(duckdb_date(days: $0)) }
        case .time32(let unit)?, .time64(let unit)?:
            if unit == .nanosecond {
                unsafe duckdb_create_time_ns(duckdb_time_ns(nanos: value))
            } else {
                unsafe duckdb_create_time(duckdb_time(micros: value * (1_000_000 / unit.perSecond)))
            }
        case .timestamp(let unit, nil)?:
            switch unit {
            case .second: unsafe duckdb_create_timestamp_s(duckdb_timestamp_s(seconds: value))
            case .millisecond: unsafe duckdb_create_timestamp_ms(duckdb_timestamp_ms(millis: value))
            case .microsecond: unsafe duckdb_create_timestamp(duckdb_timestamp(micros: value))
            case .nanosecond: unsafe duckdb_create_timestamp_ns(duckdb_timestamp_ns(nanos: value))
            }
        case .timestamp(.nanosecond, _)?: unsafe duckdb_create_timestamp_tz_ns(duckdb_timestamp_ns(nanos: value))
        case .timestamp(let unit, _)?:
            unsafe scaled(value, by: 1_000_000 / unit.perSecond).flatMap {
                unsafe duckdb_create_timestamp_tz(duckdb_timestamp(micros: $0))
            }
        case .duration(let unit)?:
            unsafe micros(value, unit).flatMap {
                unsafe duckdb_create_interval(duckdb_interval(months: 0, days: 0, micros: $0))
            }
        default: nil
        }
    }

    private static func scaled(_ value: Int64, by factor: Int64) -> Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static func micros(_ value: Int64, _ unit: TimeUnit) -> Int64? {
        unit == .nanosecond ? value / 1_000 : scaled(value, by: 1_000_000 / unit.perSecond)
    }

    private static func hugeint(_ value: Int128) -> duckdb_hugeint {
        duckdb_hugeint(lower: UInt64(truncatingIfNeeded: value), upper: Int64(truncatingIfNeeded: value >> 64))
    }
}
