internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Small questions to the machine.
enum FileSystem {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    static func sleep(micros: Int64) { usleep(UInt32(clamping: micros)) }
}
