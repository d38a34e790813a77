/// The functions that streams know, by DuckDB's names, and what is said of those that they do not.
enum ScalarFunctions {
    /// Text functions: what they are, their arguments (`t` text, `i` BIGINT, `s` INTEGER), how many are optional.
    struct TextFunction {
        let function: ScalarFunction
        let arguments: String
        var optional = 0
        var gives = Gives.text
        enum Gives { case text, flag, count }
    }

    static let text: [String: TextFunction] = {
        let upper = TextFunction(function: .upper, arguments: "t")
        let lower = TextFunction(function: .lower, arguments: "t")
        let length = TextFunction(function: .length, arguments: "t", gives: .count)
        let substring = TextFunction(function: .substring, arguments: "tii", optional: 1)
        let starts = TextFunction(function: .startsWith, arguments: "tt", gives: .flag)
        let ends = TextFunction(function: .endsWith, arguments: "tt", gives: .flag)
        return [
            "lower": lower, "lcase": lower, "upper": upper, "ucase": upper,
            "trim": TextFunction(function: .trim, arguments: "tt", optional: 1),
            "ltrim": TextFunction(function: .leftTrim, arguments: "tt", optional: 1),
            "rtrim": TextFunction(function: .rightTrim, arguments: "tt", optional: 1), "length": length, "len": length,
            "char_length": length, "character_length": length, "substring": substring, "substr": substring,
            "replace": TextFunction(function: .replace, arguments: "ttt"), "starts_with": starts, "prefix": starts,
            "^@": starts, "ends_with": ends, "suffix": ends,
            "contains": TextFunction(function: .contains, arguments: "tt", gives: .flag),
            "left": TextFunction(function: .left, arguments: "ti"),
            "right": TextFunction(function: .right, arguments: "ti"),
            "lpad": TextFunction(function: .leftPad, arguments: "tst"),
            "rpad": TextFunction(function: .rightPad, arguments: "tst"),
            "reverse": TextFunction(function: .reverse, arguments: "t"),
            "split_part": TextFunction(function: .splitPart, arguments: "tti"),
            "~~": TextFunction(function: .like, arguments: "tt", gives: .flag),
            "like_escape": TextFunction(function: .like, arguments: "ttt", gives: .flag),
            "~~*": TextFunction(function: .likeIgnoringCase, arguments: "tt", gives: .flag),
            "ilike_escape": TextFunction(function: .likeIgnoringCase, arguments: "ttt", gives: .flag),
        ]
    }()

    /// Operators and functions that are the opposite of another.
    static let negated = [
        "!~~": "~~", "!~~*": "~~*", "not_like_escape": "like_escape", "not_ilike_escape": "ilike_escape",
    ]

    /// Other names of the arithmetic operators.
    static let arithmetic = [
        "+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%", "**": "**", "^": "**", "add": "+",
        "subtract": "-", "multiply": "*", "divide": "//", "mod": "%", "pow": "**", "power": "**",
    ]

    /// Functions of one number that compute in DOUBLE.
    static let floating: [String: ScalarFunction] = [
        "sqrt": .sqrt, "ln": .ln, "log": .log10, "log10": .log10, "exp": .exp,
    ]

    /// `year(time)` and its like.
    static let parts = [
        "year": "year", "quarter": "quarter", "month": "month", "week": "week", "weekofyear": "week", "day": "day",
        "dayofmonth": "day", "dayofweek": "dow", "weekday": "dow", "isodow": "isodow", "dayofyear": "doy",
        "hour": "hour", "minute": "minute", "second": "second", "millisecond": "millisecond",
        "microsecond": "microsecond", "epoch": "epoch", "era": "era", "decade": "decade", "century": "century",
        "millennium": "millennium", "isoyear": "isoyear", "yearweek": "yearweek",
    ]

    /// `interval 5 minutes` by the name that the parser gives it.
    static let intervals: [String: String] = Dictionary(
        uniqueKeysWithValues: [
            "microseconds", "milliseconds", "seconds", "minutes", "hours", "days", "weeks", "months", "quarters",
            "years",
            "decades", "centuries",
        ].map { ("to_\($0)", $0) })

    /// Those whose result hangs on the time at which the query runs.
    static let clocks: Set<String> = [
        "now", "current_timestamp", "current_date", "current_time", "localtimestamp", "localtime", "today",
        "get_current_timestamp", "transaction_timestamp", "random", "uuid", "gen_random_uuid", "setseed",
    ]

    static func clockProblem(_ name: String, at position: Int?) -> SQLProblem {
        SQLProblem(
            .unsupported, "a stream's result must be the same each time it is computed, and \(name) is not",
            found: name, hint: "Use the event's own time, or compute it where the result is read.", position: position)
    }

    private static let others = [
        "abs", "round", "floor", "ceil", "ceiling", "sign", "concat", "coalesce", "ifnull", "nullif", "if", "greatest",
        "least", "date_trunc", "datetrunc", "date_part", "datepart", "date_add", "date_diff", "datediff", "epoch_ms",
        "epoch_us", "make_timestamp", "hash", "md5", "struct_extract", "list_extract",
        "list_element", "array_extract",
    ]

    static let names: [String] =
        (others + Array(text.keys) + Array(arithmetic.keys) + Array(floating.keys) + Array(parts.keys))
        .filter { $0.first?.isLetter ?? false && !$0.hasSuffix("_escape") }.sorted()

    static func unknown(_ call: FunctionCall, at position: Int?) -> SQLProblem {
        let near = NearestName.question(for: call.name, among: names + AggregateFunctions.names)
        return SQLProblem(
            .unknownFunction, "a stream has no function \(call.name)",
            expected: near == nil && replacements[call.name] == nil
                ? "one of \(NearestName.list(names, max: 100))" : nil, found: call.text,
            hint: replacements[call.name] ?? near
                ?? "Write it with the functions that there are, or make this a table model, which DuckDB runs.",
            position: position)
    }

    private static let replacements = [
        "date_sub": "Use date_diff(part, from, to), or subtract an interval.",
        "datesub": "Use date_diff(part, from, to), or subtract an interval.",
        "strftime": "Keep the timestamp, and format it where the result is read.",
        "strptime": "Cast the text: CAST(text AS TIMESTAMP).", "to_timestamp": "Use make_timestamp(microseconds).",
        "make_timestamp_ms": "Use make_timestamp(milliseconds * 1000).", "epoch_ns": "Use epoch_us(time) * 1000.",
        "trunc": "Use floor(x), or CAST(x AS BIGINT).",
        "time_bucket": "Use FROM tumble(...), or date_trunc(part, time).",
        "concat_ws": "Use || or concat.", "regexp_matches": "Use LIKE, starts_with or contains.",
        "timezone": "Cast with CAST(time AS TIMESTAMP WITH TIME ZONE); times without a zone are UTC.",
        "age": "Subtract the timestamps, or use date_diff(part, from, to).", "log2": "Use ln(x) / ln(2).",
        "unnest": "Make this a table model, which DuckDB runs.", "position": "Use contains(text, part).",
    ]
}
