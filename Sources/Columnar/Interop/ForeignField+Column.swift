internal import CArrowABI

extension ForeignField {
    /// The column that `array` describes; its buffers keep `owner`.
    ///
    /// What the interface lets one check is checked: lengths, offsets in order and inside the child, indices inside the
    /// dictionary. How long a buffer is, it does not tell.
    func column(
        of array: UnsafeMutablePointer<ArrowArray>, owner: ForeignArray
    ) throws(ColumnarError) -> Column {
        let (count, offset) = try unsafe ForeignArray.extent(array)
        let buffers = try unsafe ForeignBuffers(array, name: field.name, end: offset + count, owner: owner)
        let children = try unsafe childColumns(of: array, owner: owner)
        let type = field.type
        switch (type.layout, shape) {
        case (.empty, _):
            return Column(type: type, count: count)
        case (.bits, _):
            try buffers.expect(2)
            let values = try buffers.required(1, byteCount: (buffers.end + 7) >> 3, alignment: 1)
            return Column(type: type, count: count, offset: offset, validity: try buffers.validity(), values: values)
        case (.fixedWidth, .narrowDecimal(let width)):
            try buffers.expect(2)
            let narrow = try buffers.required(1, byteCount: buffers.end * width, alignment: width)
            return Column(
                type: type, count: count, offset: offset, validity: try buffers.validity(),
                values: ForeignConversion.widened(narrow, byteWidth: width))
        case (.fixedWidth(let width), _):
            try buffers.expect(2)
            let values = try buffers.required(
                1, byteCount: buffers.end * width, alignment: ForeignField.alignment(of: type, width: width))
            return Column(type: type, count: count, offset: offset, validity: try buffers.validity(), values: values)
        case (.dictionary(let width), _):
            try buffers.expect(2)
            guard let values = dictionary.first, let entries = unsafe array.pointee.dictionary else {
                throw .foreignData("column \(field.name) has indices but no dictionary")
            }
            let indices = try buffers.required(1, byteCount: buffers.end * width, alignment: width)
            let column = Column(
                type: type, count: count, offset: offset, validity: try buffers.validity(), values: indices,
                dictionary: try unsafe values.column(of: entries, owner: owner))
            return try ForeignConversion.withCheckedIndices(column, name: field.name)
        case (.variableBytes, .views):
            return try ForeignConversion.fromViews(type, count: count, offset: offset, buffers: buffers)
        case (.variableBytes, _):
            try buffers.expect(3)
            let (offsets, base, byteCount) = try checkedOffsets(buffers, from: offset)
            let values = byteCount == 0 ? nil : try buffers.slice(2, from: base, byteCount: byteCount)
            return Column(
                type: type, count: count, offset: offset, validity: try buffers.validity(), values: values,
                offsets: offsets)
        case (.list, .fixedSizeList(let items)):
            try buffers.expect(1)
            return try ForeignConversion.fromFixedSizeList(
                type, items: items, count: count, offset: offset, validity: try buffers.validity(), child: children[0])
        case (.list, _):
            try buffers.expect(2)
            let (offsets, base, itemCount) = try checkedOffsets(buffers, from: offset)
            guard base + itemCount <= children[0].count else {
                throw .foreignData("the lists of column \(field.name) reach past item \(children[0].count)")
            }
            let child = base == 0 ? children[0] : children[0].slice(base..<(base + itemCount))
            return Column(
                type: type, count: count, offset: offset, validity: try buffers.validity(), offsets: offsets,
                children: [child])
        case (.structure, _):
            try buffers.expect(1)
            for child in children where child.count < buffers.end {
                throw .foreignData("a field of column \(field.name) has \(child.count) rows, not \(buffers.end)")
            }
            return Column(
                type: type, count: count, offset: offset, validity: try buffers.validity(), children: children)
        }
    }

    private func childColumns(
        of array: UnsafeMutablePointer<ArrowArray>, owner: ForeignArray
    ) throws(ColumnarError) -> [Column] {
        guard unsafe array.pointee.n_children == Int64(children.count) else {
            throw .foreignData(
                "column \(field.name) has \(unsafe array.pointee.n_children) children, not \(children.count)")
        }
        var columns: [Column] = []
        for (index, child) in children.enumerated() {
            guard let place = unsafe array.pointee.children[index] else {
                throw .foreignData("column \(field.name) lacks a child")
            }
            columns.append(try unsafe child.column(of: place, owner: owner))
        }
        return columns
    }

    /// 32-bit offsets, where the bytes or items they count from begin, and how many of those there are up to the last.
    private func checkedOffsets(
        _ buffers: ForeignBuffers, from offset: Int
    ) throws(ColumnarError) -> (offsets: Buffer?, base: Int, count: Int) {
        // Without rows some libraries give no offsets.
        if buffers.end == 0 { return (nil, 0, 0) }
        if shape == .wideOffsets {
            let wide = try buffers.required(1, byteCount: (buffers.end + 1) * 8, alignment: 8)
            return try ForeignConversion.narrowedOffsets(wide, from: offset, to: buffers.end, name: field.name)
        }
        guard let offsets = try buffers.required(1, byteCount: (buffers.end + 1) * 4, alignment: 4) else {
            return (nil, 0, 0)
        }
        let values = unsafe offsets.base.assumingMemoryBound(to: Int32.self)
        var wrong = unsafe values[offset]
        for row in offset..<buffers.end { unsafe wrong |= values[row + 1] | (values[row + 1] &- values[row]) }
        guard wrong >= 0 else { throw .foreignData("the offsets of column \(field.name) are not in order") }
        return (offsets, 0, Int(unsafe values[buffers.end]))
    }

    /// What the processor asks for when it loads a value of `type`.
    private static func alignment(of type: DataType, width: Int) -> Int {
        switch type {
        case .fixedSizeBinary: 1
        case .intervalMonthDayNano: 8
        default: width
        }
    }
}

/// The buffers of one foreign array.
@safe
struct ForeignBuffers {
    let array: UnsafeMutablePointer<ArrowArray>
    let name: String
    /// The row behind the last, counted from the start of the buffers.
    let end: Int
    let owner: ForeignArray

    init(_ array: UnsafeMutablePointer<ArrowArray>, name: String, end: Int, owner: ForeignArray) throws(ColumnarError) {
        guard unsafe array.pointee.n_buffers >= 0, unsafe array.pointee.n_buffers == 0 || array.pointee.buffers != nil
        else {
            throw .foreignData("column \(name) has no buffers")
        }
        unsafe self.array = array
        self.name = name
        self.end = end
        self.owner = owner
    }

    var count: Int { unsafe Int(array.pointee.n_buffers) }

    func expect(_ wanted: Int) throws(ColumnarError) {
        guard count == wanted else { throw .foreignData("column \(name) has \(count) buffers, not \(wanted)") }
    }

    func pointer(_ index: Int) -> UnsafeRawPointer? { unsafe array.pointee.buffers[index] }

    /// The bitmap, if there is one. How many nulls it has is counted rather than believed.
    func validity() throws(ColumnarError) -> Buffer? {
        guard let bitmap = unsafe pointer(0) else {
            guard unsafe array.pointee.null_count <= 0 else {
                throw .foreignData("column \(name) has nulls but does not say where")
            }
            return nil
        }
        return unsafe Buffer(foreign: bitmap, byteCount: (end + 7) >> 3, owner: owner)
    }

    /// A buffer that must be there unless it would be empty, copied if it lies askew.
    func required(_ index: Int, byteCount: Int, alignment: Int) throws(ColumnarError) -> Buffer? {
        guard let memory = unsafe pointer(index) else {
            guard byteCount == 0 else { throw .foreignData("column \(name) lacks its buffer \(index)") }
            return nil
        }
        guard Int(bitPattern: memory) % max(1, alignment) != 0 else {
            return unsafe Buffer(foreign: memory, byteCount: byteCount, owner: owner)
        }
        var copy = MutableBuffer(byteCapacity: byteCount)
        unsafe copy.append(UnsafeRawBufferPointer(start: memory, count: byteCount))
        return copy.finish()
    }

    /// `byteCount` bytes of a buffer, from byte `start`.
    func slice(_ index: Int, from start: Int, byteCount: Int) throws(ColumnarError) -> Buffer {
        guard let memory = unsafe pointer(index) else { throw .foreignData("column \(name) lacks its buffer \(index)") }
        return unsafe Buffer(foreign: memory + start, byteCount: byteCount, owner: owner)
    }
}
