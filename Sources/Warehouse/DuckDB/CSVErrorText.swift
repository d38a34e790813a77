internal import Base
internal import DuckDB

/// Reads what DuckDB says about a row of a file that it cannot read.
enum CSVErrorText {
    /// - Parameter files: those that were read; the message names one of them if it can.
    static func badRow(_ error: WarehouseError, files: [String]) -> WarehouseError {
        guard case .failed(_, let cause) = error, let message = cause.failure?.message,
            let line = number(after: "CSV Error on Line: ", in: message)
        else { return error }
        let original = text(after: "Original Line: ", in: message) ?? ""
        let file = text(after: "  file = ", in: message) ?? files.first ?? ""
        let lines = message.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        if let conversion = lines.first(where: { $0.hasPrefix("Error when converting column ") }) {
            let name = quoted(in: conversion, after: "converting column \"", until: "\"")
            let value = quoted(in: conversion, after: "convert string \"", until: "\" to ")
            let type = quoted(in: conversion, after: "\" to '", until: "'")
            if let value, let type {
                return .badRow(
                    file: file, line: line, column: column(of: value, in: original), name: name, expected: type,
                    found: "'\(value)'")
            }
        }
        if let wanted = number(after: "Expected Number of Columns: ", in: message),
            let found = number(after: " Found: ", in: message)
        {
            return .badRow(
                file: file, line: line, column: 1, name: nil, expected: "\(wanted) columns",
                found: "\(found): \(original)")
        }
        let reason = lines.first { !$0.hasPrefix("CSV Error") && !$0.hasPrefix("Original Line") } ?? message
        return .badRow(
            file: file, line: line, column: 1, name: nil, expected: "a row of comma-separated values",
            found: "\(reason) \(original)")
    }

    /// Where a value begins in its line; columns count from 1.
    private static func column(of value: String, in line: String) -> Int {
        guard !value.isEmpty, let range = line.firstRange(of: value) else { return 1 }
        return line[..<range.lowerBound].unicodeScalars.count + 1
    }

    private static func text(after mark: String, in message: String) -> String? {
        message.firstRange(of: mark).map { String(message[$0.upperBound...].prefix { $0 != "\n" }) }
    }

    private static func number(after mark: String, in message: String) -> Int? {
        message.firstRange(of: mark).flatMap { Int(message[$0.upperBound...].prefix { $0.isNumber }) }
    }

    private static func quoted(in line: String, after start: String, until end: String) -> String? {
        guard let from = line.firstRange(of: start)?.upperBound else { return nil }
        return line[from...].firstRange(of: end).map { String(line[from..<$0.lowerBound]) }
    }
}
