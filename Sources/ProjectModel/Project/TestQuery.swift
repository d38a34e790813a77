extension ColumnTest {
    /// SQL (DuckDB's dialect) that finds the rows which fail this test; none means that it passes.
    public var query: String {
        let column = self.column.map { DatasetName($0).sql } ?? "*"
        let subject =
            condition.map { "(select * from \(dataset.sql) where \($0)) as subject" } ?? "\(dataset.sql) as subject"
        switch kind {
        case .unique:
            return """
                select \(column), count(*) as rows from \(subject) where \(column) is not null
                group by \(column) having count(*) > 1
                """
        case .notNull: return "select * from \(subject) where \(column) is null"
        case .acceptedValues(let values, let quoted):
            let accepted = values.map { Self.literal($0, quoted: quoted) }.joined(separator: ", ")
            return """
                select \(column), count(*) as rows from \(subject)
                where \(column) is not null and \(column) not in (\(accepted)) group by \(column)
                """
        case .relationships(let target, let field):
            let key = DatasetName(field.value).sql
            return """
                select subject.\(column), count(*) as rows from \(subject)
                where subject.\(column) is not null
                    and not exists (select 1 from \(target.sql) as target where target.\(key) = subject.\(column))
                group by subject.\(column)
                """
        case .custom(_, let query):
            return condition.map { "select * from (\(query.text)\n) as failures where \($0)" } ?? query.text
        }
    }

    /// A value of YAML as SQL writes it. As in dbt, `quote: false` writes text as it stands.
    private static func literal(_ value: ConfigValue, quoted: Bool) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .double(let value): return value.description
        case .string(let text):
            guard quoted else { return text }
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        case .list(let items): return "[" + items.map { literal($0, quoted: quoted) }.joined(separator: ", ") + "]"
        case .mapping(let entries):
            return "{" + entries.map { "'\($0.key)': \(literal($0.value, quoted: quoted))" }.joined(separator: ", ")
                + "}"
        }
    }
}
