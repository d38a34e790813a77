internal import Columnar
internal import SQL

/// Turns a plan's expressions into evaluators, and finds what streams cannot compute before anything runs.
enum ExpressionCompiler {
    static func compile(_ expression: Expression) throws -> Evaluator {
        switch expression.node {
        case .column(let index): return ColumnEvaluator(index: index, type: expression.type)
        case .literal(let value): return try LiteralEvaluator(value: value, type: expression.type)
        case .cast(let inner, let isTry):
            guard let kernel = Casting.kernel(inner.type, expression.type, isTry: isTry) else {
                throw StreamingError.unsupported(
                    "a cast", found: "\(inner.type) to \(expression.type)",
                    hint: "Cast to another type, or do it in a batch model downstream.")
            }
            return CallEvaluator(arguments: [try compile(inner)], type: expression.type, kernel: kernel)
        case .conditional(let branches, let otherwise):
            return ConditionalEvaluator(
                conditions: try branches.map { try compile($0.condition) },
                results: try branches.map { try compile($0.result) } + [try compile(otherwise)], type: expression.type)
        case .call(let function, let arguments): return try call(function, arguments, expression.type)
        }
    }

    private static func call(_ function: ScalarFunction, _ arguments: [Expression], _ type: DataType) throws
        -> Evaluator
    {
        let inputs = try arguments.map { try compile($0) }
        switch function {
        case .and, .or: return LogicEvaluator(arguments: inputs, deciding: function == .or)
        case .coalesce: return CoalesceEvaluator(arguments: inputs, type: type)
        default: break
        }
        let types = arguments.map(\.type)
        var literals: [Int: Scalar] = [:]
        for (index, argument) in arguments.enumerated() {
            if case .literal(let value) = argument.node { literals[index] = value }
        }
        guard let kernel = kernel(function, types, literals, type) else {
            throw StreamingError.unsupported(
                "\(function.rawValue)(\(types.map(\.description).joined(separator: ", ")))", found: "result \(type)",
                hint: "Cast the arguments, or do it in a batch model downstream.")
        }
        return CallEvaluator(arguments: inputs, type: type, kernel: kernel)
    }

    private static func kernel(
        _ function: ScalarFunction, _ types: [DataType], _ literals: [Int: Scalar], _ type: DataType
    ) -> Kernel? {
        if Comparison.operators.contains(function) { return Comparison.kernel(function, types) }
        switch function {
        case .not, .isNull, .isNotNull: return types.count == 1 ? Logic.kernel(function, types[0]) : nil
        case .nullIf: return types.count == 2 ? Logic.nullIf(types) : nil
        case .greatest, .least: return Logic.extreme(types, type, greatest: function == .greatest)
        case .inList: return Logic.inList(types)
        case .structureField: return Nested.field(types, literals[1], type)
        case .listItem: return Nested.item(types, type)
        default: break
        }
        return Arithmetic.kernel(function, types, type) ?? TimeFunctions.kernel(function, types, literals, type)
            ?? Strings.kernel(function, types, literals, type)
    }
}

/// Kernels of logic that are neither AND nor OR.
enum Logic {
    static func kernel(_ function: ScalarFunction, _ argument: DataType) -> Kernel? {
        switch function {
        case .isNull, .isNotNull:
            let wanted = function == .isNull
            return { args, frame in
                let bits = BitOutput(count: frame.count)
                for row in 0..<frame.count where args[0].isNull(row) == wanted { bits.set(row) }
                return Column(type: .bool, count: frame.count, values: bits.finish())
            }
        default:
            guard argument == .bool else { return nil }
            return { args, frame in
                let view = BoolView(args[0])
                return Comparison.tests(args, frame) { !view[$0] }
            }
        }
    }

    static func nullIf(_ types: [DataType]) -> Kernel? {
        guard let equal = Comparison.kernel(.equal, types) else { return nil }
        return { args, frame in
            let same = BoolView(equal(args, frame))
            let rows = (0..<frame.count).map { !same.isNull($0) && same[$0] ? -1 : Int32($0) }
            return Gather.take(args[0], rows)
        }
    }

    /// Nulls do not take part.
    static func extreme(_ types: [DataType], _ type: DataType, greatest: Bool) -> Kernel? {
        guard let first = types.first, types.allSatisfy({ $0 == first }), first == type,
            let better = Comparison.kernel(greatest ? .greater : .less, [first, first])
        else { return nil }
        return { args, frame in
            args.dropFirst().reduce(args[0]) { best, next in
                let wins = BoolView(better([next, best], frame))
                let choice = (0..<frame.count).map { row -> Int32 in
                    if best.isNull(row) { return 1 }
                    return !next.isNull(row) && wins[row] ? 1 : 0
                }
                return Choose.rows([best, next], choice, type)
            }
        }
    }

    static func inList(_ types: [DataType]) -> Kernel? {
        guard types.count >= 2, types.dropFirst().allSatisfy({ $0 == types[0] || $0 == .null }),
            let equal = Comparison.kernel(.equal, [types[0], types[0]])
        else { return nil }
        return { args, frame in
            let values = BitOutput(count: frame.count)
            let valid = BitOutput(count: frame.count, ones: true)
            var nulls = false
            let tests = args.dropFirst().map { $0.type == .null ? nil : BoolView(equal([args[0], $0], frame)) }
            for row in 0..<frame.count {
                var (found, unknown) = (false, args[0].isNull(row))
                for test in tests where !found {
                    guard let test, !test.isNull(row) else {
                        unknown = true
                        continue
                    }
                    found = test[row]
                }
                if found {
                    values.set(row)
                } else if unknown {
                    valid.clear(row)
                    nulls = true
                }
            }
            return Column(
                type: .bool, count: frame.count, validity: nulls ? valid.finish() : nil, values: values.finish())
        }
    }
}

/// Parts of structures and lists.
enum Nested {
    static func field(_ types: [DataType], _ name: Scalar?, _ type: DataType) -> Kernel? {
        guard case .structure(let fields)? = types.first, case .string(let wanted)? = name,
            let index = fields.firstIndex(where: { $0.name == wanted }), fields[index].type == type
        else { return nil }
        return { args, frame in
            let structure = args[0]
            let child = structure.children[index].slice(structure.offset..<(structure.offset + structure.count))
            if structure.nullCount == 0 { return child }
            return Gather.take(child, (0..<frame.count).map { structure.isNull($0) ? -1 : Int32($0) })
        }
    }

    /// Items count from 1, and from the end where the number is negative; null where there is no such item.
    static func item(_ types: [DataType], _ type: DataType) -> Kernel? {
        guard types.count == 2, case .list(let item) = types[0], item.type == type, types[1] == .int64 else {
            return nil
        }
        return { args, frame in
            let numbers = PrimitiveView<Int64>(args[1])
            let rows = (0..<frame.count).map { row -> Int32 in
                guard !args[0].isNull(row), !numbers.isNull(row), let bounds = Gather.listBounds(args[0], row) else {
                    return -1
                }
                let number = numbers[row]
                let index = number > 0 ? number - 1 : number < 0 ? Int64(bounds.count) + number : -1
                return index >= 0 && index < Int64(bounds.count) ? bounds.lowerBound + Int32(index) : -1
            }
            return Gather.take(args[0].children[0], rows)
        }
    }
}
