/// Numbers as people read them, the same everywhere.
public enum NumberText {
    /// `12,345,678`.
    public static func grouped(_ number: Int64) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// `1 row`, `12,345 rows`.
    public static func counted(_ number: Int64, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Microseconds as `12 ms`, `3.4 s`, `2 min 5 s` or `3 h 20 min`.
    public static func duration(_ micros: Int64) -> String {
        switch micros {
        case ..<1_000_000: "\(max(0, micros) / 1_000) ms"
        case ..<60_000_000: "\(Double(micros / 100_000) / 10) s"
        case ..<3_600_000_000: "\(micros / 60_000_000) min \(micros / 1_000_000 % 60) s"
        default: "\(grouped(micros / 3_600_000_000)) h \(micros / 60_000_000 % 60) min"
        }
    }

    /// `999 bytes`, `12.3 MB`: powers of a thousand, as disks and networks count.
    public static func bytes(_ count: Int64) -> String {
        var (amount, unit) = (Double(count), 0)
        let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
        while amount >= 999.95, unit < units.count - 1 {
            amount /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) bytes" : "\((amount * 10).rounded() / 10) \(units[unit])"
    }
}
