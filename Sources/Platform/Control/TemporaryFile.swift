internal import Foundation

/// Files that live for one call.
enum TemporaryFile {
    // A file that cannot be removed now goes when the folder is next opened.
    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
