import Foundation

/// A control group that lets no more memory be used than it says: the kernel kills what wants more.
///
/// Everything counts that the programs in it hold: what they allocate, their stacks, what the kernel keeps for them, and
/// pages of files, which it takes back when the limit is near. Source: the kernel's `admin-guide/cgroup-v1/memory.rst` and
/// `cgroup-v2.rst`.
final class MemoryCage {
    private let path: String
    private let isVersion2: Bool

    /// - Returns: nil, having said so, where this user may not make control groups or memory is not controlled by them.
    init?(bytes: Int) {
        let files = FileManager.default
        isVersion2 = files.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers")
        path = (isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory") + "/gariep-test-\(UUID().uuidString)"
        do {
            guard isVersion2 || files.fileExists(atPath: "/sys/fs/cgroup/memory/memory.limit_in_bytes") else {
                throw CocoaError(.fileNoSuchFile)
            }
            if isVersion2 { try Self.write("+memory", to: "/sys/fs/cgroup/cgroup.subtree_control") }
            try files.createDirectory(atPath: path, withIntermediateDirectories: false)
            try Self.write("\(bytes)", to: "\(path)/\(isVersion2 ? "memory.max" : "memory.limit_in_bytes")")
        } catch {
            print("skipped: no control group for memory can be made here: \(error)")
            return nil
        }
    }

    deinit { unsafe rmdir(path) }

    /// A file of the kernel's takes one write and cannot be replaced.
    private static func write(_ text: String, to path: String) throws {
        guard let file = FileHandle(forWritingAtPath: path) else { throw CocoaError(.fileNoSuchFile) }
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    /// What starts a program inside: a shell that joins the group and then becomes the program.
    var launcher: (program: String, arguments: [String]) {
        ("/bin/sh", ["-c", "echo $$ > '\(path)/cgroup.procs' && exec \"$@\"", "sh"])
    }

    /// How often the kernel killed something because the limit was reached.
    var kills: Int? {
        let name = isVersion2 ? "memory.events" : "memory.oom_control"
        let text = (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) }
    }

    /// The most that was held at once, pages of files included, in bytes; nil where the kernel does not say.
    var peakBytes: Int? {
        let name = isVersion2 ? "memory.peak" : "memory.max_usage_in_bytes"
        let text = try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
