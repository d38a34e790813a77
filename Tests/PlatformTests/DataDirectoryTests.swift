import Base
import Foundation
import ProjectModel
import Testing

@testable import Platform

private func temporaryFolder() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("platform-\(UUID().uuidString)").path
}

@Test func aFolderBelongsToOneProcess() throws {
    let path = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var first: DataDirectory? = try DataDirectory(path: path)
    #expect(DataDirectory.isInUse(path))
    let error = #expect(throws: PlatformFailure.self) { try DataDirectory(path: path) }
    #expect(error == .alreadyRunning(directory: path, processID: getpid()))
    #expect(error?.report.code == "PLT-001")
    withExtendedLifetime(first) {}
    first = nil
    #expect(!DataDirectory.isInUse(path))
    _ = try DataDirectory(path: path)
}

@Test func aFolderThatCannotBeMadeIsNamed() {
    let error = #expect(throws: PlatformFailure.self) { try DataDirectory(path: "/proc/nowhere/data") }
    guard case .dataDirectory(let path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
    }
    #expect(path == "/proc/nowhere/data")
}

@Test(arguments: [512, 1024, 16_384])
func memoryIsSharedOutWithinTheBudget(megabytes: Int) {
    var options = PlatformOptions(projectDirectory: "/")
    options.memoryBytes = megabytes << 20
    let plan = MemoryPlan(options: options, settings: .init())
    #expect(plan.budgetBytes == megabytes << 20)
    #expect(plan.warehouseBytes + plan.replayBytes + plan.streamBytes + plan.logBytes < plan.budgetBytes)
    #expect(plan.warehouseBytes > 32 << 20 && plan.streamBytes > 16 << 20)
}

@Test func aCheckedProjectHasNoMistakes() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let report = try ProjectPlanner.plan(
        PlatformOptions(projectDirectory: root.appendingPathComponent("Examples/flights").path))
    #expect(report.errors.map(\.description) == [])
    #expect(report.datasets.contains { $0.name == "departures_enriched" && $0.engine == "stream" && $0.columns == 21 })
    #expect(report.streams.count == 2)
}
