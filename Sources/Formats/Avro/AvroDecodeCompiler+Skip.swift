/// Steps past what the writer has and the reader does not want.
extension AvroDecodeCompiler {
    mutating func skip(_ type: AvroType, path: String, open: Set<String>) throws(AvroError) {
        depth += 1
        defer { depth -= 1 }
        try checkSize(path)
        switch writer.resolve(type) {
        case .null: break
        case .boolean: emit(.skipBoolean, path: path)
        case .int: emit(.skipInt, path: path)
        case .long: emit(.skipLong, path: path)
        case .float: emit(.skipFixed, nil, 4, path: path)
        case .double: emit(.skipFixed, nil, 8, path: path)
        case .bytes, .string: emit(.skipBytes, path: path)
        case .fixed(let fixed): emit(.skipFixed, nil, fixed.size, path: path)
        case .enumeration(let enumeration): emit(.skipEnumeration, nil, enumeration.symbols.count, path: path)
        case .array(let items):
            let at = emit(.skipArray, nil, 0, AvroSize.minimum(of: items, in: writer), path: path)
            try skip(items, path: path + "[]", open: open)
            emit(.end, path: path)
            steps[at].first = steps.count
        case .map(let values):
            let at = emit(.skipMap, nil, 0, 1 + AvroSize.minimum(of: values, in: writer), path: path)
            emit(.skipBytes, path: path + "{key}")
            try skip(values, path: path + "{}", open: open)
            emit(.end, path: path)
            steps[at].first = steps.count
        case .record(let record):
            guard !open.contains(record.name) else {
                throw .unsupportedSchema(problem: "record \(record.name) contains itself", path: path)
            }
            for field in record.fields {
                try skip(field.type, path: "\(path).\(field.name)", open: open.union([record.name]))
            }
        case .union(let branches):
            let table = jumps.count
            emit(.union, nil, table, branches.count, path: path)
            jumps += Array(repeating: 0, count: branches.count)
            var ends: [Int] = []
            for (index, branch) in branches.enumerated() {
                jumps[table + index] = steps.count
                try skip(branch, path: path, open: open)
                ends.append(emit(.jump, path: path))
            }
            for end in ends { steps[end].first = steps.count }
        case .reference(let name): throw .unsupportedSchema(problem: "unknown type \(name)", path: path)
        case .annotated: break
        }
    }
}
