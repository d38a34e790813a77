import Base
import Columnar
import Testing

@testable import Lake

/// JSON, dates, decimals and paths as the log writes them.
struct TextFormsTests {
    @Test(arguments: [
        #"{"a":[1,-2,3.5,1e3,true,false,null,"x\"\\\n"],"b":{}}"#, #"[]"#, #""\u00e9\ud83d\ude00""#,
        "12345678901234567890",
    ])
    func jsonComesBack(text: String) throws {
        let value = try JSONParser.parse(text)
        #expect(try JSONParser.parse(value.text) == value)
    }

    @Test(arguments: [
        "", "{", "[1,", "{\"a\" 1}", "\"abc", "tru", "1 2", "{\"a\":}", "\"\\x\"", "\"\\u12\"", "-", "nul",
    ])
    func otherTextIsRefused(text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
    }

    @Test func deepNestingIsRefused() {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(String(repeating: "[", count: 100_000)) }
    }

    @Test(arguments: 0..<50)
    func datesAndTimesComeBack(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let micros = Int64.random(in: -60_000_000_000_000_000...200_000_000_000_000_000, using: &random)
        for isUTC in [true, false] {
            let text = CivilTime.timestamp(micros: micros, isUTC: isUTC)
            #expect(CivilTime.micros(text)?.micros == micros, "\(text)")
        }
        let days = micros / CivilTime.microsPerDay
        #expect(CivilTime.days(CivilTime.date(days: days)) == days)
    }

    @Test(arguments: ["2013-02-30", "2013-13-01", "x", "2013-1", "2013-01-01T25:00:00Z", "2013-01-01 10:00"])
    func otherDatesAreRefused(text: String) { #expect(CivilTime.micros(text) == nil) }

    @Test(arguments: [
        ("-0.05", 2, Int128(-5)), ("12", 3, 12000), ("1.50", 1, 15), ("1e3", 0, 1000), ("1.25E1", 1, 125),
    ])
    func decimals(text: String, scale: Int, unscaled: Int128) {
        #expect(DecimalText.parse(text, scale: scale) == unscaled)
        #expect(DecimalText.parse(DecimalText.format(unscaled, scale: scale), scale: scale) == unscaled)
    }

    @Test(arguments: ["1.55", "", "abc", "1.2.3", "1.-5"])
    func otherDecimalsAreRefused(text: String) { #expect(DecimalText.parse(text, scale: 1) == nil) }

    @Test func foldersOfPartitions() {
        #expect(PartitionValue.folder(["a", "b c"], ["x/y=%", nil]) == "a=x%2Fy%3D%25/b c=__HIVE_DEFAULT_PARTITION__")
        #expect(PartitionValue.folder(["a"], [String(repeating: "é", count: 200)]).utf8.count < 255)
        #expect(URIText.encode("a=x%2Fy z/ü") == "a=x%252Fy%20z/%C3%BC")
        #expect(URIText.decode(URIText.encode("a=x%2Fy z/ü#?")) == "a=x%2Fy z/ü#?")
    }

    @Test func statisticsBoundWhatTheyCutOff() throws {
        let long = String(repeating: "m", count: 40)
        let column = FileStatistics.ColumnRange(
            path: ["s", "t"], type: .utf8, minimum: .string(long), maximum: .string(long), nullCount: 2)
        let top = FileStatistics.ColumnRange(
            path: ["u"], type: .utf8, minimum: .string(long), maximum: .string(long), nullCount: 0)
        let text = FileStatistics.text(rows: 3, columns: [column, top])
        #expect(text.contains(#""nullCount":{"s":{"t":2},"u":0}"#))
        let bounds = try #require(FileStatistics(text)).bounds("u", type: .utf8)
        #expect(FilePredicate.equals("u", .string(long)).mayMatch(minimum: bounds.minimum, maximum: bounds.maximum))
        #expect(!FilePredicate.greater("u", .string("n")).mayMatch(minimum: bounds.minimum, maximum: bounds.maximum))
    }
}
