internal import Columnar

/// The aggregate calls of one SELECT, each once.
///
/// While expressions are bound, call number `n` stands in them as the column `inputCount + n`.
final class AggregateList {
    let inputCount: Int
    private(set) var calls: [(call: AggregateCall, name: String, position: Int?)] = []

    init(inputCount: Int) { self.inputCount = inputCount }

    func placeholder(for call: AggregateCall, name: String, at position: Int?) -> Expression {
        let meaning = call.meaning
        let known = calls.firstIndex { $0.call.meaning == meaning }
        if known == nil { calls.append((call, name, position)) }
        let index = known ?? calls.count - 1
        return Expression(.column(inputCount + index), type: call.type, nullable: call.mayBeNull, position: position)
    }
}

extension AggregateCall {
    var meaning: AggregateCall {
        AggregateCall(function, arguments: arguments.map(\.meaning), filter: filter?.meaning, type: type)
    }
}

/// The aggregates that streams know, by DuckDB's names.
enum AggregateFunctions {
    static let names: [String] = [
        "count", "sum", "avg", "mean", "min", "max", "quantile_cont", "quantile_disc", "quantile", "median", "arg_max",
        "arg_min", "max_by", "min_by", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
        "any_value", "first", "bool_and", "bool_or",
    ]

    static let aliases = [
        "count_star": "count", "mean": "avg", "quantile": "quantile_disc", "max_by": "arg_max", "argmax": "arg_max",
        "min_by": "arg_min", "argmin": "arg_min", "stddev": "stddev_samp", "variance": "var_samp",
        "arbitrary": "first", "logical_and": "bool_and", "logical_or": "bool_or",
    ]

    /// Aggregates of DuckDB that no stream keeps, and what to use for them.
    static let others = [
        "last": "Use arg_max(value, time).", "mode": "Count by value in one model, and take arg_max in the next.",
        "list": "Make this a table model, which DuckDB runs.",
        "array_agg": "Make this a table model, which DuckDB runs.",
        "string_agg": "Make this a table model, which DuckDB runs.",
        "group_concat": "Make this a table model, which DuckDB runs.",
        "listagg": "Make this a table model, which DuckDB runs.",
        "approx_count_distinct": "Use count(DISTINCT value).", "approx_quantile": "Use quantile_cont(value, 0.5).",
        "count_if": "Use count(*) FILTER (WHERE condition).", "countif": "Use count(*) FILTER (WHERE condition).",
        "product": "Use exp(sum(ln(value))).", "fsum": "Use sum(value).", "kahan_sum": "Use sum(value).",
        "favg": "Use avg(value).", "skewness": "Make this a table model, which DuckDB runs.",
        "kurtosis": "Make this a table model, which DuckDB runs.",
        "entropy": "Make this a table model, which DuckDB runs.",
        "corr": "Make this a table model, which DuckDB runs.", "histogram": "Count by value instead.",
        "bit_and": "Make this a table model, which DuckDB runs.",
        "bit_or": "Make this a table model, which DuckDB runs.",
        "bit_xor": "Make this a table model, which DuckDB runs.", "sem": "Use stddev_samp(value) / sqrt(count(value)).",
        "mad": "Make this a table model, which DuckDB runs.",
    ]

    static func isAggregate(_ name: String) -> Bool {
        names.contains(name) || aliases[name] != nil || others[name] != nil
    }
}
