public import CArrowABI

extension RecordBatch {
    /// Lends these rows to another library, as a structure of the columns, without copying.
    ///
    /// The columns live until the receiver calls `release`, on whatever thread.
    /// - Parameter target: memory without an array in it.
    public func export(to target: UnsafeMutablePointer<ArrowArray>) {
        let buffers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: 1)
        unsafe buffers.initialize(to: nil)
        unsafe target.initialize(
            to: ArrowArray(
                length: Int64(count), null_count: 0, offset: 0, n_buffers: 1, n_children: Int64(columns.count),
                buffers: buffers, children: exportedChildren(columns), dictionary: nil, release: releaseExportedArray,
                private_data: nil))
    }
}

extension Column {
    /// Lends this column to another library without copying; it lives until the receiver calls `release`.
    ///
    /// - Parameter target: memory without an array in it.
    public func export(to target: UnsafeMutablePointer<ArrowArray>) {
        let none = ExportPlaceholder.zeros
        let lent: [Buffer?] =
            switch type.layout {
            case .empty: []
            case .bits, .fixedWidth, .dictionary: [validity, values ?? none]
            case .variableBytes: [validity, offsets ?? none, values ?? none]
            case .list: [validity, offsets ?? none]
            case .structure: [validity]
            }
        var buffers: UnsafeMutablePointer<UnsafeRawPointer?>?
        if !lent.isEmpty {
            let made = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: lent.count)
            for (index, buffer) in lent.enumerated() { unsafe (made + index).initialize(to: buffer?.base) }
            unsafe buffers = made
        }
        var described: UnsafeMutablePointer<ArrowArray>?
        if let dictionary {
            let place = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
            unsafe dictionary.export(to: place)
            unsafe described = place
        }
        // Arrow C++ takes the buffers of an array without rows for empty, and an offset into them for a negative size.
        let first = count == 0 ? 0 : Int64(offset)
        unsafe target.initialize(
            to: ArrowArray(
                length: Int64(count), null_count: Int64(nullCount), offset: first, n_buffers: Int64(lent.count),
                n_children: Int64(children.count), buffers: buffers, children: exportedChildren(children),
                dictionary: described, release: releaseExportedArray,
                private_data: Unmanaged.passRetained(self).toOpaque()))
    }
}

/// Stands in for the buffers that an empty column does not have: other libraries read one offset even of no rows.
private enum ExportPlaceholder {
    static let zeros = Buffer.zeros(64)
}

private func exportedChildren(_ columns: [Column]) -> UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>? {
    guard !columns.isEmpty else { return nil }
    let places = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(capacity: columns.count)
    for (index, column) in columns.enumerated() {
        let place = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
        unsafe column.export(to: place)
        unsafe (places + index).initialize(to: place)
    }
    return unsafe places
}

/// Frees what `export` allocated and lets go of the column. Children that the receiver moved have no `release` any more.
private let releaseExportedArray: @convention(c) (UnsafeMutablePointer<ArrowArray>?) -> Void = { array in
    guard let array = unsafe array else { return }
    for index in unsafe 0..<Int(array.pointee.n_children) {
        guard let child = unsafe array.pointee.children[index] else { continue }
        if let release = unsafe child.pointee.release { unsafe release(child) }
        unsafe child.deallocate()
    }
    if let children = unsafe array.pointee.children { unsafe children.deallocate() }
    if let buffers = unsafe array.pointee.buffers { unsafe buffers.deallocate() }
    if let dictionary = unsafe array.pointee.dictionary {
        if let release = unsafe dictionary.pointee.release { unsafe release(dictionary) }
        unsafe dictionary.deallocate()
    }
    if let column = unsafe array.pointee.private_data { unsafe Unmanaged<Column>.fromOpaque(column).release() }
    unsafe array.pointee.release = nil
}
