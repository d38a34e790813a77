internal import Columnar
internal import SQL

/// Kernels over strings. Positions and lengths count code points, as DuckDB's do.
enum Strings {
    static func kernel(
        _ function: ScalarFunction, _ arguments: [DataType], _ literals: [Int: Scalar], _ type: DataType
    ) -> Kernel? {
        let texts = arguments.prefix { $0 == .utf8 }.count
        switch function {
        case .concatOperator:
            guard arguments == [.utf8, .utf8] else { return nil }
            return concatenate
        case .concat: return concat(arguments)
        case .lower, .upper:
            guard arguments == [.utf8] else { return nil }
            return text { changeCase($0[0], upper: function == .upper) }
        case .trim, .leftTrim, .rightTrim:
            guard texts == arguments.count, (1...2).contains(texts) else { return nil }
            return text {
                trim($0[0], $0.count > 1 ? $0[1] : nil, left: function != .rightTrim, right: function != .leftTrim)
            }
        case .replace:
            guard arguments == [.utf8, .utf8, .utf8] else { return nil }
            return text { replace($0[0], $0[1], $0[2]) }
        case .reverse:
            guard arguments == [.utf8] else { return nil }
            return text { String($0[0].reversed()) }
        case .length:
            guard arguments == [.utf8], type == .int64 else { return nil }
            return length
        case .startsWith, .endsWith, .contains:
            guard arguments == [.utf8, .utf8] else { return nil }
            return search(function)
        case .substring:
            guard texts == 1, (2...3).contains(arguments.count),
                arguments.dropFirst().allSatisfy({ $0 == .int64 || $0 == .int32 })
            else { return nil }
            return numbered { scalars, numbers in substring(scalars, numbers[0], numbers.count > 1 ? numbers[1] : nil) }
        case .left, .right:
            guard texts == 1, arguments.count == 2, arguments[1] == .int64 || arguments[1] == .int32 else { return nil }
            return numbered { scalars, numbers in
                let count = numbers[0]
                let keep = Int(count >= 0 ? min(count, Int64(scalars.count)) : max(0, Int64(scalars.count) + count))
                return function == .left ? Array(scalars.prefix(keep)) : Array(scalars.suffix(keep))
            }
        case .leftPad, .rightPad:
            guard arguments.count == 3, arguments[0] == .utf8, arguments[2] == .utf8,
                arguments[1] == .int64 || arguments[1] == .int32
            else { return nil }
            return pad(left: function == .leftPad)
        case .splitPart:
            guard arguments.count == 3, arguments[0] == .utf8, arguments[1] == .utf8,
                arguments[2] == .int64 || arguments[2] == .int32
            else { return nil }
            return splitPart
        case .like, .likeIgnoringCase:
            guard texts == arguments.count, (2...3).contains(texts) else { return nil }
            return Like.kernel(ignoringCase: function == .likeIgnoringCase, pattern: literals[1], escape: literals[2])
        default: return nil
        }
    }

    private static func text(_ body: @escaping ([String]) -> String) -> Kernel {
        { args, frame in
            let views = args.map { BytesView($0) }
            return Map.rows(args, frame, .utf8) { row, builder, _ in
                append(builder, body(views.map { $0.string(row) }))
            }
        }
    }

    private static func append(_ builder: ColumnBuilder, _ value: String) {
        (builder as? BytesColumnBuilder)?.append(value)
    }

    private static func integer(_ column: Column, _ row: Int) -> Int64 {
        column.type == .int32 ? Int64(PrimitiveView<Int32>(column)[row]) : PrimitiveView<Int64>(column)[row]
    }

    private static func numbered(_ body: @escaping ([Unicode.Scalar], [Int64]) -> [Unicode.Scalar]) -> Kernel {
        { args, frame in
            let view = BytesView(args[0])
            return Map.rows(args, frame, .utf8) { row, builder, _ in
                let numbers = args.dropFirst().map { integer($0, row) }
                append(builder, string(body(Array(view.string(row).unicodeScalars), numbers)))
            }
        }
    }

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func concatenate(_ args: [Column], _ frame: Frame) -> Column {
        let (left, right) = (BytesView(args[0]), BytesView(args[1]))
        return Map.rows(args, frame, .utf8) { row, builder, _ in
            guard let bytes = builder as? BytesColumnBuilder else { return }
            unsafe bytes.append(UnsafeRawBufferPointer(rebasing: left[row][...]), then: right[row])
        }
    }

    private static func concat(_ arguments: [DataType]) -> Kernel? {
        guard arguments.allSatisfy({ $0 == .utf8 }) else { return nil }
        return { args, frame in
            let views = args.map { BytesView($0) }
            return Map.rows([], frame, .utf8) { row, builder, _ in
                append(builder, views.reduce(into: "") { if !$1.isNull(row) { $0 += $1.string(row) } })
            }
        }
    }

    private static func length(_ args: [Column], _ frame: Frame) -> Column {
        let view = BytesView(args[0])
        let output = FixedOutput<Int64>(count: frame.count)
        for row in 0..<frame.count {
            var total: Int64 = 0
            let text = unsafe view[row]
            // Every byte that does not continue a code point begins one.
            for index in 0..<text.count where unsafe text[index] & 0xc0 != 0x80 { total += 1 }
            output[row] = total
        }
        return Column(
            type: .int64, count: frame.count, validity: Nulls.intersection(args, count: frame.count),
            values: output.finish())
    }

    private static func search(_ function: ScalarFunction) -> Kernel {
        { args, frame in
            let (texts, parts) = (BytesView(args[0]), BytesView(args[1]))
            return Comparison.tests(args, frame) { row in
                let (text, part) = unsafe (texts[row], parts[row])
                let (textCount, partCount) = (text.count, part.count)
                guard partCount <= textCount else { return false }
                switch function {
                case .startsWith: return unsafe text.prefix(partCount).elementsEqual(part)
                case .endsWith: return unsafe text.suffix(partCount).elementsEqual(part)
                default: return unsafe Bytes.find(part, in: text, from: 0) != nil
                }
            }
        }
    }

    /// Case by code point where one code point results; DuckDB maps no code point to several.
    static func changeCase(_ text: String, upper: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "ß" && upper {
                result.append("ẞ")
                continue
            }
            let mapped = (upper ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping)
                .unicodeScalars
            result.append(mapped.count == 1 ? mapped.first ?? scalar : scalar)
        }
        return String(result)
    }

    private static func trim(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
        let unwanted = characters.map { Set($0.unicodeScalars) }
        func drops(_ scalar: Unicode.Scalar) -> Bool {
            unwanted?.contains(scalar) ?? (scalar.properties.generalCategory == .spaceSeparator)
        }
        var scalars = Substring(text).unicodeScalars
        if left { while let first = scalars.first, drops(first) { scalars.removeFirst() } }
        if right { while let last = scalars.last, drops(last) { scalars.removeLast() } }
        return String(scalars)
    }

    private static func replace(_ text: String, _ part: String, _ replacement: String) -> String {
        if part.isEmpty { return text }
        let (bytes, needle) = (Array(text.utf8), Array(part.utf8))
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            if bytes[start...].starts(with: needle) {
                result += replacement.utf8
                start += needle.count
            } else {
                result.append(bytes[start])
                start += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Positions count from 1, negative ones from the end; a position of 0 loses one code point, as in SQL.
    private static func substring(_ scalars: [Unicode.Scalar], _ from: Int64, _ length: Int64?) -> [Unicode.Scalar] {
        let count = Int64(scalars.count)
        var start = from > 0 ? from - 1 : from < 0 ? count + from : -1
        var end = length.map { start &+ $0 } ?? count
        if let length, length < 0 { (start, end) = (end, start) }
        let (low, high) = (min(max(start, 0), count), min(max(end, 0), count))
        return low < high ? Array(scalars[Int(low)..<Int(high)]) : []
    }

    private static func pad(left: Bool) -> Kernel {
        { args, frame in
            let (texts, fills) = (BytesView(args[0]), BytesView(args[2]))
            return Map.rows(args, frame, .utf8) { row, builder, fault in
                let text = Array(texts.string(row).unicodeScalars)
                let fill = Array(fills.string(row).unicodeScalars)
                let width = max(0, integer(args[1], row))
                let missing = width - Int64(text.count)
                if missing <= 0 { return append(builder, string(Array(text.prefix(Int(width))))) }
                guard !fill.isEmpty, width < 1 << 24 else {
                    fault = .invalidArgument
                    return
                }
                let padding = (0..<Int(missing)).map { fill[$0 % fill.count] }
                append(builder, string(left ? padding + text : text + padding))
            }
        }
    }

    private static func splitPart(_ args: [Column], _ frame: Frame) -> Column {
        let (texts, separators) = (BytesView(args[0]), BytesView(args[1]))
        return Map.rows(args, frame, .utf8) { row, builder, _ in
            let parts = Bytes.split(Array(texts.string(row).utf8), Array(separators.string(row).utf8))
            let index = integer(args[2], row)
            let position = index > 0 ? index - 1 : index < 0 ? Int64(parts.count) + index : -1
            guard position >= 0, position < Int64(parts.count) else { return append(builder, "") }
            append(builder, String(decoding: parts[Int(position)], as: UTF8.self))
        }
    }
}

extension BytesColumnBuilder {
    /// Appends two pieces as one value.
    fileprivate func append(_ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer) {
        var joined: [UInt8] = []
        joined.reserveCapacity(first.count + second.count)
        unsafe joined.append(contentsOf: first)
        unsafe joined.append(contentsOf: second)
        unsafe joined.withUnsafeBytes { unsafe append($0) }
    }
}

enum Bytes {
    static func find(_ part: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let (partCount, textCount) = (part.count, text.count)
        guard partCount <= textCount - start else { return nil }
        if partCount == 0 { return start }
        let first = unsafe part[0]
        for index in start...(textCount - partCount) {
            if unsafe text[index] == first, unsafe text[index..<(index + partCount)].elementsEqual(part) {
                return index
            }
        }
        return nil
    }

    static func split(_ text: [UInt8], _ separator: [UInt8]) -> [[UInt8]] {
        if separator.isEmpty { return [text] }
        var (parts, current): ([[UInt8]], [UInt8]) = ([], [])
        var index = 0
        while index < text.count {
            if text[index...].starts(with: separator) {
                parts.append(current)
                current = []
                index += separator.count
            } else {
                current.append(text[index])
                index += 1
            }
        }
        return parts + [current]
    }
}

/// SQL's LIKE: `%` is any text, `_` is any one code point.
enum Like {
    enum Token: Hashable { case any, one, scalar(Unicode.Scalar) }

    static func kernel(ignoringCase: Bool, pattern: Scalar?, escape: Scalar?) -> Kernel? {
        var escaping: Unicode.Scalar?
        switch escape {
        case nil: break
        case .string(let text)? where text.unicodeScalars.count == 1: escaping = text.unicodeScalars.first
        default: return nil
        }
        var fixed: [Token]?
        if case .string(let text)? = pattern { fixed = tokens(text, escaping, ignoringCase) }
        return { args, frame in
            let (texts, patterns) = (BytesView(args[0]), BytesView(args[1]))
            return Comparison.tests(args, frame) { row in
                let text = ignoringCase ? Strings.changeCase(texts.string(row), upper: false) : texts.string(row)
                return matches(
                    Array(text.unicodeScalars), fixed ?? tokens(patterns.string(row), escaping, ignoringCase))
            }
        }
    }

    private static func tokens(_ pattern: String, _ escape: Unicode.Scalar?, _ ignoringCase: Bool) -> [Token] {
        var tokens: [Token] = []
        var escaped = false
        for scalar in (ignoringCase ? Strings.changeCase(pattern, upper: false) : pattern).unicodeScalars {
            if !escaped, scalar == escape {
                escaped = true
                continue
            }
            switch (scalar, escaped) {
            case ("%", false): tokens.append(.any)
            case ("_", false): tokens.append(.one)
            default: tokens.append(.scalar(scalar))
            }
            escaped = false
        }
        return tokens
    }

    /// Greedy matching that goes back to the last `%`: linear but for patterns with several.
    private static func matches(_ text: [Unicode.Scalar], _ tokens: [Token]) -> Bool {
        var (position, token) = (0, 0)
        var retry: (token: Int, position: Int)?
        while position < text.count {
            if token < tokens.count, tokens[token] == .any {
                retry = (token + 1, position)
                token += 1
            } else if token < tokens.count, tokens[token] == .one || tokens[token] == .scalar(text[position]) {
                token += 1
                position += 1
            } else if let last = retry {
                retry = (last.token, last.position + 1)
                (token, position) = (last.token, last.position + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .any }
    }
}
