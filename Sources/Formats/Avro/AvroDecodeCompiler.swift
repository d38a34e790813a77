internal import Columnar

/// Compiles a writer's and a reader's schema into the steps that fill the reader's columns.
///
/// Source: Apache Avro 1.12 Specification, "Schema Resolution".
struct AvroDecodeCompiler {
    let writer: AvroSchema
    let reader: AvroSchema
    var steps: [AvroDecodeStep] = []
    var paths: [String] = []
    var jumps: [Int] = []
    var symbols: [AvroSymbol] = []
    var symbolText: [UInt8] = []
    var constants: [Scalar] = []
    var reasons: [String] = []
    /// Schemas that nest deeper are refused: decoding calls itself once a level of lists.
    static let depthMax = 64
    /// A short schema can nest records so that they unfold into any number of values.
    static let valuesMax = 100_000
    private var values = 0
    var depth = 0

    init(writer: AvroSchema, reader: AvroSchema) { (self.writer, self.reader) = (writer, reader) }

    /// The whole program; `builders` are those of `reader.columnarSchema()`.
    mutating func compile(into builders: [ColumnBuilder]) throws(AvroError) {
        if case .record(let readerRecord) = reader.resolve(reader.root) {
            guard case .record(let writerRecord) = writer.resolve(writer.root) else {
                throw .unresolvable(problem: "\(writer.root.label) is not a record", path: "the whole record")
            }
            try record(writerRecord, readerRecord, into: builders, path: "")
        } else {
            try value(writer.root, reader.root, into: builders[0], path: "value")
        }
        emit(.end, path: "the end")
    }

    // MARK: Values

    private mutating func value(
        _ writerType: AvroType, _ readerType: AvroType, into builder: ColumnBuilder, path: String
    ) throws(AvroError) {
        depth += 1
        defer { depth -= 1 }
        try checkSize(path)
        if case .union(let branches) = writer.resolve(writerType) {
            return try union(branches, readerType, into: builder, path: path)
        }
        if case .union(let branches) = reader.resolve(readerType) {
            return try intoUnion(writerType, branches, into: builder, path: path)
        }
        try plain(writerType, readerType, into: builder, path: path)
    }

    private mutating func union(
        _ branches: [AvroType], _ readerType: AvroType, into builder: ColumnBuilder, path: String
    ) throws(AvroError) {
        if branches.count == 2, let null = branches.firstIndex(where: { writer.resolve($0) == .null }),
            case .union(let readerBranches) = reader.resolve(readerType),
            readerBranches.contains(where: { reader.resolve($0) == .null })
        {
            // Null may come where the other branch cannot: then the other is refused when it comes.
            let at = emit(.nullable, builder, null, path: path)
            try branch(branches[1 - null], readerType, into: builder, path: path)
            steps[at].second = steps.count
            return
        }
        let table = jumps.count
        emit(.union, builder, table, branches.count, path: path)
        jumps += Array(repeating: 0, count: branches.count)
        var ends: [Int] = []
        let reasonsBefore = reasons.count
        for (index, type) in branches.enumerated() {
            jumps[table + index] = steps.count
            try branch(type, readerType, into: builder, path: path)
            ends.append(emit(.jump, path: path))
        }
        if reasons.count - reasonsBefore == branches.count, let reason = reasons.last {
            throw .unresolvable(problem: reason, path: path)
        }
        for end in ends { steps[end].first = steps.count }
    }

    /// One branch of the writer's union: where it does not resolve, records that have it are refused.
    private mutating func branch(
        _ type: AvroType, _ readerType: AvroType, into builder: ColumnBuilder, path: String
    ) throws(AvroError) {
        let before = self
        do throws(AvroError) { try value(type, readerType, into: builder, path: path) } catch {
            guard case .unresolvable(let problem, _) = error else { throw error }
            // The work done counts all the same.
            let spent = values
            self = before
            values = spent
            emit(.refuse, nil, reasons.count, path: path)
            reasons.append(problem)
        }
    }

    private mutating func intoUnion(
        _ writerType: AvroType, _ branches: [AvroType], into builder: ColumnBuilder, path: String
    ) throws(AvroError) {
        guard let chosen = AvroResolution(writer: writer, reader: reader).branch(of: branches, for: writerType) else {
            throw .unresolvable(
                problem: "\(writerType.label) is none of \(AvroType.union(branches).label)", path: path)
        }
        if reader.resolve(branches[chosen]) == .null {
            emit(.null, builder, path: path)
        } else if AvroMapping.nullable(branches, in: reader) != nil {
            try plain(writerType, branches[chosen], into: builder, path: path)
        } else {
            guard let members = builder as? StructureColumnBuilder else { preconditionFailure("a union's builder") }
            let position = branches[..<chosen].count { reader.resolve($0) != .null }
            for (index, member) in members.fields.enumerated() {
                if index == position {
                    try plain(writerType, branches[chosen], into: member, path: path)
                } else {
                    emit(.null, member, path: path)
                }
            }
            emit(.structure, builder, path: path)
        }
    }

    /// Neither side is a union.
    private mutating func plain(
        _ writerType: AvroType, _ readerType: AvroType, into builder: ColumnBuilder, path: String
    ) throws(AvroError) {
        if let problem = AvroResolution.logicalConflict(writer.logical(writerType), reader.logical(readerType)) {
            throw .unresolvable(problem: problem, path: path)
        }
        let logical = reader.logical(readerType)
        switch (writer.resolve(writerType), reader.resolve(readerType)) {
        case (.null, .null): emit(.null, builder, path: path)
        case (.boolean, .boolean): emit(.boolean, builder, path: path)
        case (.int, .int): emit(.int, builder, path: path)
        case (.int, .long): emit(.intToLong, builder, path: path)
        case (.int, .float): emit(.intToFloat, builder, path: path)
        case (.int, .double): emit(.intToDouble, builder, path: path)
        case (.long, .long): emit(.long, builder, path: path)
        case (.long, .float): emit(.longToFloat, builder, path: path)
        case (.long, .double): emit(.longToDouble, builder, path: path)
        case (.float, .float): emit(.float, builder, path: path)
        case (.float, .double): emit(.floatToDouble, builder, path: path)
        case (.double, .double): emit(.double, builder, path: path)
        case (.bytes, .bytes), (.string, .bytes):
            if case .decimal(let precision, _) = logical {
                emit(.decimalBytes, builder, precision, path: path)
            } else {
                emit(.bytes, builder, path: path)
            }
        case (.string, .string), (.bytes, .string): emit(.string, builder, path: path)
        case (.fixed(let from), .fixed(let to)):
            try named(from.name, to.name, to.aliases, path)
            guard from.size == to.size else {
                throw .unresolvable(problem: "fixed of \(from.size) bytes, not \(to.size)", path: path)
            }
            switch logical {
            case .duration: emit(.duration, builder, 12, path: path)
            case .decimal(let precision, _): emit(.decimalFixed, builder, from.size, precision, path: path)
            default: emit(.fixed, builder, from.size, path: path)
            }
        case (.enumeration(let from), .enumeration(let to)):
            try named(from.name, to.name, to.aliases, path)
            enumeration(from, to, into: builder, path: path)
        case (.array(let from), .array(let to)):
            let list = list(builder)
            let at = emit(.array, builder, 0, AvroSize.minimum(of: from, in: writer), path: path)
            try value(from, to, into: list.items, path: path + "[]")
            emit(.end, path: path)
            steps[at].first = steps.count
        case (.map(let from), .map(let to)):
            guard let entries = list(builder).items as? StructureColumnBuilder else { preconditionFailure("a map") }
            let at = emit(.map, builder, 0, 1 + AvroSize.minimum(of: from, in: writer), path: path)
            emit(.string, entries.fields[0], path: path + "{key}")
            try value(from, to, into: entries.fields[1], path: path + "{}")
            emit(.structure, entries, path: path)
            emit(.end, path: path)
            steps[at].first = steps.count
        case (.record(let from), .record(let to)):
            try named(from.name, to.name, to.aliases, path)
            guard let structure = builder as? StructureColumnBuilder else { preconditionFailure("a record's builder") }
            try record(from, to, into: structure.fields, path: path + ".")
            emit(.structure, builder, path: path)
        case (let from, let to):
            throw .unresolvable(problem: "\(from.label) cannot become \(to.label)", path: path)
        }
    }

    private func list(_ builder: ColumnBuilder) -> ListColumnBuilder {
        guard let list = builder as? ListColumnBuilder else { preconditionFailure("a list's builder") }
        return list
    }

    /// Names must agree in their last part, or by an alias of the reader's.
    private func named(_ from: String, _ to: String, _ aliases: [String], _ path: String) throws(AvroError) {
        guard AvroResolution.namesAgree(writer: from, reader: to, aliases: aliases) else {
            throw .unresolvable(problem: "\(from) is not \(to)", path: path)
        }
    }

    private mutating func enumeration(
        _ from: AvroEnumeration, _ to: AvroEnumeration, into builder: ColumnBuilder, path: String
    ) {
        emit(.enumeration, builder, symbols.count, from.symbols.count, path: path)
        for symbol in from.symbols {
            if let text = to.symbols.contains(symbol) ? symbol : to.defaultSymbol {
                symbols.append(AvroSymbol(start: symbolText.count, count: text.utf8.count))
                symbolText += Array(text.utf8)
            } else {
                symbols.append(AvroSymbol(start: 0, count: -1))
            }
        }
    }

    /// Fields in the order that they were written in; those which only the reader has, from their defaults.
    private mutating func record(
        _ from: AvroRecord, _ to: AvroRecord, into builders: [ColumnBuilder], path: String
    ) throws(AvroError) {
        var taken: Set<Int> = []
        let targets = AvroResolution.fields(of: from, readAs: to)
        for (index, field) in from.fields.enumerated() {
            if let target = targets[index] {
                try value(field.type, to.fields[target].type, into: builders[target], path: path + field.name)
                taken.insert(target)
            } else {
                try skip(field.type, path: path + field.name, open: [from.name])
            }
        }
        for (index, field) in to.fields.enumerated() where !taken.contains(index) {
            guard let json = field.defaultValue else {
                throw .unresolvable(
                    problem: "the writer has no such field, and it has no default", path: path + field.name)
            }
            let scalar = AvroDefault.scalar(json, field.type, in: reader)
            if scalar.isNull {
                emit(.null, builders[index], path: path + field.name)
            } else {
                emit(.constant, builders[index], constants.count, path: path + field.name)
                constants.append(scalar)
            }
        }
    }

    mutating func checkSize(_ path: String) throws(AvroError) {
        values += 1
        guard depth <= Self.depthMax else {
            throw .unsupportedSchema(problem: "more than \(Self.depthMax) nested types", path: path)
        }
        guard values <= Self.valuesMax else {
            throw .unsupportedSchema(problem: "more than \(Self.valuesMax) values in one record", path: path)
        }
    }

    @discardableResult
    mutating func emit(
        _ operation: AvroDecodeOperation, _ builder: ColumnBuilder? = nil, _ first: Int = 0, _ second: Int = 0,
        path: String
    ) -> Int {
        let pointer = unsafe builder.map { unsafe UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }
        unsafe steps.append(AvroDecodeStep(operation: operation, builder: pointer, first: first, second: second))
        paths.append(path)
        return steps.count - 1
    }
}
