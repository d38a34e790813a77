#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Interpreter {
    /// Python's arithmetic on whole numbers, doubles, texts and lists.
    func arithmetic(
        _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue, _ offset: Int
    ) throws -> TemplateValue {
        try requireDefined(left, offset)
        try requireDefined(right, offset)
        if let left = left.integer, let right = right.integer {
            return try integerArithmetic(operation, left, right, offset)
        }
        if let left = left.number, let right = right.number {
            return try doubleArithmetic(operation, left, right, offset)
        }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try checkSize(left.utf8.count + right.utf8.count, offset)
            return .string(left + right)
        case (.add, .list(let left), .list(let right)) where left.isTuple == right.isTuple:
            try checkCount(left.items.count + right.items.count, offset)
            return .list(TemplateList(left.items + right.items, isTuple: left.isTuple))
        case (.multiply, .string(let text), .int(let count)), (.multiply, .int(let count), .string(let text)):
            let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            try checkSize(overflow ? Int.max : bytes, offset)
            return .string(String(repeating: text, count: text.isEmpty ? 0 : max(0, count)))
        case (.multiply, .list(let list), .int(let count)), (.multiply, .int(let count), .list(let list)):
            let (total, overflow) = list.items.count.multipliedReportingOverflow(by: max(0, count))
            try checkCount(overflow ? Int.max : total, offset)
            return .list(list.items.isEmpty ? [] : Array((0..<max(0, count)).map { _ in list.items }.joined()))
        case (.modulo, .string(let format), _):
            let arguments: [TemplateValue] =
                if case .list(let list) = right, list.isTuple { list.items } else { [right] }
            return .string(try percentFormat(format, arguments, offset))
        default:
            throw failure(
                offset, "`\(operation.rawValue)` does not work on these", expected: "two numbers, texts or lists",
                found: "\(left.kind) and \(right.kind)",
                hint: operation == .add ? "Join as text with `~`." : "Convert with `| int` or `| float`.")
        }
    }

    private func tooLarge(_ offset: Int) -> ProjectError {
        failure(
            offset, "the result is too large", expected: "a whole number of 64 bits",
            hint: "Use smaller numbers, or doubles.")
    }

    private func divisionByZero(_ offset: Int) -> ProjectError {
        failure(offset, "division by zero", hint: "Check the divisor before dividing.")
    }

    private func integerArithmetic(
        _ operation: BinaryOperator, _ left: Int, _ right: Int, _ offset: Int
    ) throws -> TemplateValue {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide: return try doubleArithmetic(.divide, Double(left), Double(right), offset)
        case .floorDivide, .modulo:
            guard right != 0 else { throw divisionByZero(offset) }
            if right == -1 {
                result = operation == .modulo ? (0, false) : Int.zero.subtractingReportingOverflow(left)
                break
            }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            // Python rounds towards minus infinity.
            let rounds = remainder != 0 && (remainder < 0) != (right < 0)
            result = (operation == .modulo ? remainder + (rounds ? right : 0) : quotient - (rounds ? 1 : 0), false)
        case .power:
            guard right >= 0 else { return .double(pow(Double(left), Double(right))) }
            result = integerPower(left, right)
        }
        guard !result.overflow else { throw tooLarge(offset) }
        return .int(result.partialValue)
    }

    private func integerPower(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
        if base == 0 || base == 1 || exponent == 0 { return (exponent == 0 ? 1 : base, false) }
        if base == -1 { return (exponent.isMultiple(of: 2) ? 1 : -1, false) }
        var value = 1
        // Any other base overflows within 64 factors.
        for _ in 0..<min(exponent, 64) {
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            if overflow { return (0, true) }
            value = product
        }
        return (value, false)
    }

    private func doubleArithmetic(
        _ operation: BinaryOperator, _ left: Double, _ right: Double, _ offset: Int
    ) throws -> TemplateValue {
        switch operation {
        case .add: return .double(left + right)
        case .subtract: return .double(left - right)
        case .multiply: return .double(left * right)
        case .power: return .double(pow(left, right))
        case .divide:
            guard right != 0 else { throw divisionByZero(offset) }
            return .double(left / right)
        case .floorDivide:
            guard right != 0 else { throw divisionByZero(offset) }
            return .double((left / right).rounded(.down))
        case .modulo:
            guard right != 0 else { throw divisionByZero(offset) }
            let remainder = fmod(left, right)
            return .double(remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder)
        }
    }

    // MARK: Formatting

    /// Python's `'%s of %05.1f' % (...)`.
    func percentFormat(_ format: String, _ arguments: [TemplateValue], _ offset: Int) throws -> String {
        var result = ""
        var rest = Array(format.unicodeScalars)[...]
        var next = arguments.makeIterator()
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                result += "%"
                rest.removeFirst()
                continue
            }
            var specification = ""
            while let part = rest.first, "-+ #0123456789.".unicodeScalars.contains(part) {
                specification.unicodeScalars.append(part)
                rest.removeFirst()
            }
            guard let letter = rest.popFirst() else {
                throw failure(offset, "the format ends after `%`", hint: "Write `%%` for a percent sign.")
            }
            guard let value = next.next() else {
                throw failure(offset, "the format wants more values than there are", hint: "Give a value for each `%`.")
            }
            result += try formatted(value, specification, String(Character(letter)), offset)
            try checkSize(result.utf8.count, offset)
        }
        guard next.next() == nil else {
            throw failure(
                offset, "the format has fewer places than there are values", hint: "Write a `%s` for each value.")
        }
        return result
    }

    /// One place of a format: flags, width and precision, then a letter (s, d, i, f, r, x).
    func formatted(
        _ value: TemplateValue, _ specification: String, _ letter: String, _ offset: Int
    ) throws -> String {
        let flags = specification.prefix { "-+ #0".contains($0) }
        let sizes = specification.dropFirst(flags.count).split(separator: ".", omittingEmptySubsequences: false)
        let width = min(sizes.first.flatMap { Int($0) } ?? 0, limits.outputBytesMax)
        let precision = sizes.count > 1 ? min(Int(sizes[1]) ?? 0, 100) : nil
        var text: String
        var isNumber = true
        switch letter {
        case "s":
            text = TemplatePrinter.display(value)
            if let precision { text = String(text.prefix(precision)) }
            isNumber = false
        case "r":
            text = TemplatePrinter.repr(value)
            isNumber = false
        case "d", "i", "x":
            guard let number = value.integer ?? value.number.flatMap({ Int(exactly: $0.rounded(.towardZero)) }) else {
                throw failure(
                    offset, "the format wants a number", expected: "a number", found: value.kind,
                    hint: "Use `%s` for text.")
            }
            text = String(number, radix: letter == "x" ? 16 : 10)
        case "f":
            guard let number = value.number else {
                throw failure(
                    offset, "the format wants a number", expected: "a number", found: value.kind,
                    hint: "Use `%s` for text.")
            }
            text = DecimalText.fixed(number, digits: precision ?? 6)
        default:
            throw failure(
                offset, "unknown format letter", expected: "s, d, i, f, r or x", found: letter,
                hint: "Use one of these.")
        }
        if isNumber, flags.contains("+"), !text.hasPrefix("-") { text = "+" + text }
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if flags.contains("-") { return text + String(repeating: " ", count: missing) }
        guard isNumber, flags.contains("0") else { return String(repeating: " ", count: missing) + text }
        let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.removeFirst()) : ""
        return sign + String(repeating: "0", count: missing) + text
    }
}

/// Decimal digits of doubles, rounded half to even on the exact binary value, as printf does.
enum DecimalText {
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return TemplatePrinter.double(value) }
        var buffer = [CChar](repeating: 0, count: 420 + digits)
        let count = unsafe withVaList([Int32(digits), value]) { list in
            unsafe vsnprintf(&buffer, buffer.count, "%.*f", list)
        }
        return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
