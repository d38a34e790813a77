/// The rules for objects' paths.
enum ObjectPath {
    /// Refuses every path that could leave the store or that a file system cannot keep.
    static func check(_ path: String) throws(StorageError) {
        if path.isEmpty { throw .badPath(path, reason: "it is empty") }
        if path.utf8.contains(0) { throw .badPath(path, reason: "it has a zero byte") }
        for name in path.split(separator: "/", omittingEmptySubsequences: false) {
            switch name {
            case "": throw .badPath(path, reason: "it has an empty name")
            case ".", "..": throw .badPath(path, reason: "it has the name \(name)")
            default:
                if name.utf8.count > 255 { throw .badPath(path, reason: "a name has more than 255 bytes") }
            }
        }
        if path.hasPrefix(stagingName + "/") || path == stagingName {
            throw .badPath(path, reason: "\(stagingName) is the store's own")
        }
    }

    /// A prefix may end in a slash or in the middle of a name, or be empty.
    static func checkPrefix(_ prefix: String) throws(StorageError) {
        if prefix.utf8.contains(0) { throw .badPath(prefix, reason: "it has a zero byte") }
        let names = prefix.split(separator: "/", omittingEmptySubsequences: false)
        for (index, name) in names.enumerated() {
            if name == "." || name == ".." { throw .badPath(prefix, reason: "it has the name \(name)") }
            if name.isEmpty, index + 1 < names.count { throw .badPath(prefix, reason: "it has an empty name") }
        }
    }

    /// Where unfinished files lie; never listed.
    static let stagingName = ".staging"

    /// Byte order, which is what object stores list in.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
