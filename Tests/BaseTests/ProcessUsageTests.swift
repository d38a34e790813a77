import Base
import Foundation
import Testing

@Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/limits")))
func asManyFilesMayBeOpenAsTheSystemAllows() throws {
    let raised = ProcessUsage.raiseOpenFiles(max: 1 << 20)
    let text = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Max open files") })
    let limits = line.split(separator: " ").compactMap { Int($0) }
    #expect(limits.count == 2 && limits[0] == min(limits[1], 1 << 20) || limits[0] >= 1 << 20, "\(line)")
    #expect(raised == limits[0])
}
