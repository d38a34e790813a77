public import Base
public import DuckDB

extension SQLText {
    /// A qualified name, each part in double quotes.
    public static func identifier(path: [String]) -> String { path.map { identifier($0) }.joined(separator: ".") }

    /// The place of a byte in the text. A position past the end is the end.
    ///
    /// - Parameter position: counted in UTF-8 bytes from 0.
    public static func location(ofByte position: Int, in text: String, file: String) -> SourceLocation {
        var (line, column, byte) = (1, 1, 0)
        for scalar in text.unicodeScalars {
            if byte >= position { break }
            byte += UTF8.width(scalar)
            if scalar == "\n" {
                (line, column) = (line + 1, 1)
            } else {
                column += 1
            }
        }
        return SourceLocation(file: file, line: line, column: column)
    }
}
