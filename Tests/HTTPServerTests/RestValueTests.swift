import Columnar
import Testing

@testable import HTTPServer

private func read(_ text: String, _ type: DataType) -> String? {
    if case .value(let sql) = RestValue.read(text, as: type) { return sql }
    return nil
}

@Test(
    arguments: [
        (DataType.int8, "127", "127"), (.int8, "-128", "-128"), (.int8, "128", nil), (.uint8, "-1", nil),
        (.int32, "3000000000", nil), (.int32, "007", "7"), (.int64, "9223372036854775807", "9223372036854775807"),
        (.int64, "9223372036854775808", nil), (.uint64, "18446744073709551615", "18446744073709551615"),
        (.int32, "+5", nil), (.int32, "1.0", nil), (.int32, "", nil), (.int32, "٣", nil),
        (.float64, "1e3", "1e3"), (.float64, "-.5", "-.5"), (.float64, "0x10", nil), (.float64, "1e400", nil),
        (.float64, "nan(1)", nil), (.float64, "NaN", "NaN"), (.float64, ".", nil), (.float64, "1e", nil),
        (.float32, "1e38", "1e38"), (.float32, "1e50", nil),
        (.decimal128(precision: 5, scale: 2), "123.45", "123.45"),
        (.decimal128(precision: 5, scale: 2), "-0.1", "-0.1"),
        (.decimal128(precision: 5, scale: 2), "1234", nil), (.decimal128(precision: 5, scale: 2), "1.005", nil),
        (.decimal128(precision: 5, scale: 2), "1.500", "1.500"), (.decimal128(precision: 5, scale: 2), "1e2", nil),
        (.bool, "true", "true"), (.bool, "TRUE", nil), (.bool, "1", nil),
        (.date32, "2012-02-29", "2012-02-29"), (.date32, "2013-02-29", nil), (.date32, "2013-13-01", nil),
        (.date32, "2013-1-1", nil), (.date32, "0000-01-01", nil), (.date32, "2013-01-01T00:00:00", nil),
        (.time64(.microsecond), "06:30", "06:30"), (.time64(.microsecond), "24:00:00", nil),
        (.time32(.second), "06:30:00.5", nil), (.utf8, "'; drop", "'; drop"),
    ] as [(DataType, String, String?)])
func valuesAreReadByTheirType(type: DataType, text: String, expected: String?) {
    #expect(read(text, type) == expected)
}

@Test(
    arguments: [
        ("2013-12-24T12:00:00+02:00", "2013-12-24 10:00:00"), ("2013-12-24T12:00:00 02:00", "2013-12-24 10:00:00"),
        ("2013-12-24 23:30:00-01:30", "2013-12-25 01:00:00"), ("2014-01-01T00:00:00+0530", "2013-12-31 18:30:00"),
        ("2013-12-24", "2013-12-24 00:00:00"), ("2013-12-24T12:00Z", "2013-12-24 12:00:00"),
        ("2013-12-24T12:00:00.125Z", "2013-12-24 12:00:00.125"),
        ("2013-12-24T12:00:00.000001+02", "2013-12-24 10:00:00.000001"),
        ("2013-12-24T12:00:00.0000001", nil), ("2013-12-24T25:00:00", nil), ("2013-12-24T12:00:60", nil),
        ("2013-12-24T", nil), ("abc", nil), ("", nil), ("2013-12-24T12:00:00+2", nil),
        ("2013-12-24T12:00:00+24:00", nil),
        ("0001-01-01T00:00:00+01:00", nil), ("9999-12-31T23:59:59-01:00", nil), ("2013-12-24T12:00:00Zulu", nil),
    ] as [(String, String?)])
func timesAreConvertedToUTC(text: String, expected: String?) {
    #expect(read(text, .timestamp(.microsecond, zone: nil)) == expected)
    #expect(read(text, .timestamp(.microsecond, zone: "UTC")) == expected.map { $0 + "+00" })
}

@Test func everyDayComesBack() {
    for days in stride(from: -719_162, through: 2_932_896, by: 37) {
        #expect(ISO8601.days(ISO8601.date(days)[...]) == days)
    }
}

@Test(
    arguments: [
        ("a,b", ["a", "b"]), ("c,d", ["c", "d"]), ("\"c,d\",e", ["c,d", "e"]), ("\"a\"\"b\"", ["a\"b"]), ("", [""]),
        (",", ["", ""]), ("\"a,b\".desc,c", ["a,b.desc", "c"]), ("a\"b", ["a\"b"]), ("\"open", nil), ("\"a\"\"", nil),
        ("\"\"", [""]),
    ] as [(String, [String]?)])
func listsMayBeQuoted(text: String, expected: [String]?) { #expect(QuotedList.items(text) == expected) }

@Test(
    arguments: [
        (nil, 1.0, 1.0), ("", 1, 1), ("*/*", 1, 1), ("text/csv", 0, 1), ("TEXT/CSV", 0, 1), ("text/csv;q=0", 0, 0),
        ("application/json;q=0, text/csv", 0, 1), ("image/png", 0, 0),
        ("text/*;q=0.5, application/json;q=0.2", 0.2, 0.5),
        ("*/*;q=0.1, text/csv;Q=0", 0.1, 0), ("text/csv; charset=utf-8; q=0.3", 0, 0.3), ("application/json;q=2", 0, 0),
        ("garbage", 0, 0), ("application/json, text/csv;q=0.9, */*;q=0.8", 1, 0.9),
    ] as [(String?, Double, Double)])
func acceptIsReadByTheBook(text: String?, json: Double, csv: Double) {
    let accept = AcceptHeader(text)
    #expect(accept.quality("application", "json") == json && accept.quality("text", "csv") == csv)
}
