public import CArrowABI

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension Schema {
    /// Describes this schema to another library, as a structure of its fields.
    ///
    /// - Parameter target: memory without a schema in it; its receiver calls `release` once.
    public func export(to target: UnsafeMutablePointer<ArrowSchema>) {
        unsafe Field("", .structure(fields), nullable: false, metadata: metadata).export(to: target)
    }
}

extension Field {
    /// Describes this field to another library.
    ///
    /// - Parameter target: memory without a schema in it; its receiver calls `release` once.
    public func export(to target: UnsafeMutablePointer<ArrowSchema>) {
        var flags: Int64 = nullable ? Int64(ARROW_FLAG_NULLABLE) : 0
        var children = type.childFields
        var dictionary: UnsafeMutablePointer<ArrowSchema>?
        switch type {
        case .map(let key, let value, let keysSorted):
            if keysSorted { flags |= Int64(ARROW_FLAG_MAP_KEYS_SORTED) }
            // Arrow's maps have no null keys, whatever the field says.
            let required = Field(key.name, key.type, nullable: false, metadata: key.metadata)
            children = [Field("entries", .structure([required, value]), nullable: false)]
        case .dictionary(_, let value, let ordered):
            if ordered { flags |= Int64(ARROW_FLAG_DICTIONARY_ORDERED) }
            let described = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
            unsafe Field("", value).export(to: described)
            unsafe dictionary = described
        default: break
        }
        var places: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>?
        if !children.isEmpty {
            let made = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(capacity: children.count)
            for (index, child) in children.enumerated() {
                let place = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
                unsafe child.export(to: place)
                unsafe (made + index).initialize(to: place)
            }
            unsafe places = made
        }
        unsafe target.initialize(
            to: ArrowSchema(
                format: UnsafePointer(strdup(ArrowFormatString.of(type))), name: UnsafePointer(strdup(name)),
                metadata: ArrowMetadata.allocate(metadata), flags: flags, n_children: Int64(children.count),
                children: places, dictionary: dictionary, release: releaseExportedSchema, private_data: nil))
    }
}

/// Frees what `Field.export` allocated. Children that the receiver moved elsewhere have no `release` any more.
private let releaseExportedSchema: @convention(c) (UnsafeMutablePointer<ArrowSchema>?) -> Void = { schema in
    guard let schema = unsafe schema else { return }
    for index in unsafe 0..<Int(schema.pointee.n_children) {
        guard let child = unsafe schema.pointee.children[index] else { continue }
        if let release = unsafe child.pointee.release { unsafe release(child) }
        unsafe child.deallocate()
    }
    if let children = unsafe schema.pointee.children { unsafe children.deallocate() }
    if let dictionary = unsafe schema.pointee.dictionary {
        if let release = unsafe dictionary.pointee.release { unsafe release(dictionary) }
        unsafe dictionary.deallocate()
    }
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.format))
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.name))
    unsafe free(UnsafeMutableRawPointer(mutating: schema.pointee.metadata))
    unsafe schema.pointee.release = nil
}
