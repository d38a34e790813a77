#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The first line of a CSV file. Source: RFC 4180.
enum CSVHeader {
    /// No file has a longer first line.
    private static let bytesMax = 1 << 20

    /// - Returns: nil where the file cannot be read as plain text; DuckDB knows better why.
    static func names(ofFile path: String, _ csv: BulkLoad.CSV) -> [String]? {
        if path.contains("://") || path.hasSuffix(".gz") || path.hasSuffix(".zst") { return nil }
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var count = 0
        while count < bytesMax {
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(file, $0.baseAddress! + count, bytesMax - count)
            }
            guard got > 0 else { break }
            let isWhole = bytes[count..<count + got].contains(0x0a)
            count += got
            // A line feed may stand in quotes; the rest of what was read decides then.
            if isWhole { break }
        }
        guard let delimiter = csv.delimiter.utf8.first, let quote = csv.quote.utf8.first else { return nil }
        return names(in: bytes[..<count], delimiter: delimiter, quote: quote)
    }

    static func names(in bytes: ArraySlice<UInt8>, delimiter: UInt8, quote: UInt8) -> [String]? {
        var rest = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes
        var names: [String] = []
        var name: [UInt8] = []
        var quoted = false
        while let byte = rest.popFirst() {
            if byte == quote {
                // Two quotes within quotes are one.
                if quoted, rest.first == quote {
                    name.append(quote)
                    rest = rest.dropFirst()
                } else {
                    quoted.toggle()
                }
            } else if !quoted, byte == delimiter {
                names.append(String(decoding: name, as: UTF8.self))
                name = []
            } else if !quoted, byte == 0x0a || byte == 0x0d {
                break
            } else {
                name.append(byte)
            }
        }
        guard !quoted, !(names.isEmpty && name.isEmpty) else { return nil }
        return names + [String(decoding: name, as: UTF8.self)]
    }
}
