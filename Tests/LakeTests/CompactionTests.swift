import Base
import Columnar
import Foundation
import Storage
import Testing

@testable import Lake

struct CompactionTests {
    private static func files(_ sizes: [Int64], partition: String = "a") -> [AddFile] {
        sizes.enumerated().map { number, size in
            AddFile(
                path: "p=\(partition)/\(number)", partitionValues: ["p": partition], size: size,
                modificationTime: Int64(number), dataChange: true, stats: nil, tags: nil)
        }
    }

    private static let policy = CompactionPolicy(fileBytes: 128_000, filesMin: 4)

    @Test(
        arguments: [
            ([], []),
            ([10, 10, 10], []),
            ([10, 10, 10, 10], [4]),
            // Files below the floor of 1000 bytes are of one size.
            ([1, 10, 100, 900], [4]),
            // A large file is not written again for the sake of a few small ones.
            ([10, 10, 10, 10, 30_000], [4]),
            ([10, 10, 10, 30_000], []),
            // Each size has its own heap.
            ([10, 10, 10, 10, 20_000, 21_000, 22_000, 23_000], [4, 4]),
            // A whole file is worth it, however few parts it has.
            ([50_000, 60_000, 61_000], [2]),
            // What has its size already is left alone.
            ([128_000, 200_000, 130_000, 129_000], []),
            (Array(repeating: 1000, count: 130), [128]),
        ] as [([Int64], [Int])])
    func whatIsWorthIt(sizes: [Int64], heaps: [Int]) {
        #expect(Compaction.tiers(Self.files(sizes), Self.policy).map(\.count) == heaps)
        #expect(Compaction.tiers(Self.files(sizes.reversed()), Self.policy).map(\.count) == heaps)
    }

    @Test func partitionsAreNotMixed() {
        let files = Self.files([10, 10, 10], partition: "a") + Self.files([10, 10, 10, 10], partition: "b")
        #expect(Compaction.tiers(files, Self.policy).map { Set($0.map(\.partitionValues)) } == [[["p": "b"]]])
    }

    /// A table that gets a small file at a time: few files stay, and no byte is written again more than a few times.
    @Test(arguments: [1] as [UInt64])
    func aGrowingTableIsWrittenAgainSeldom(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var sizes: [Int64] = []
        var (given, written, most) = (Int64(0), Int64(0), 0)
        for _ in 0..<3000 {
            let size = Int64(1 + random.next() % 400)
            sizes.append(size)
            given += size
            let files = Self.files(sizes)
            guard files.count % 3 == 0 else { continue }
            for heap in Compaction.tiers(files, Self.policy) {
                let together = heap.reduce(0) { $0 + $1.size }
                written += together
                let gone = Set(heap.map(\.path))
                sizes = zip(files, sizes).filter { !gone.contains($0.0.path) }.map(\.1) + [together]
                break
            }
            most = max(most, sizes.count { $0 < Self.policy.fileBytes / 3 })
        }
        #expect(sizes.reduce(0, +) == given)
        #expect(most < 24, "\(most) small files")
        #expect(written < 12 * given, "every byte was written \(written / given) times")
    }

    /// Row groups go out one by one, so memory does not grow with the file; and they come in one by one.
    @Test func rowGroupsAreBounded() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create()
        for number in 0..<20 { try append(rows(number * 500..<number * 500 + 500), to: table) }
        let outcome = try table.compact(
            CompactionPolicy(filesMin: 4), options: AppendOptions(rowGroupBytes: 32 << 10, memoryBytes: 1 << 20))
        #expect(outcome == OptimizeOutcome(filesRemoved: 20, filesAdded: 1, conflicts: 0))
        #expect(try ids(table) == Array(0..<10_000))
        let file = try #require(try table.dataFiles().first)
        var batches: [Int] = []
        try ParquetFiles.read(file.path, columns: ["id"], name: "f") { batches.append($0.count) }
        #expect(batches.count > 5 && batches.reduce(0, +) == 10_000, "\(batches)")
        #expect(batches.max()! < 3000, "\(batches)")
    }

    @Test func stoppingLeavesTheTableAsItIs() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: ["carrier"])
        for number in 0..<6 { try append(rows(number * 40..<number * 40 + 40), to: table) }
        let before = try table.snapshot()
        for stopAt in 0..<6 {
            var asked = 0
            do {
                _ = try table.compact(CompactionPolicy(filesMin: 2)) {
                    asked += 1
                    return asked > stopAt
                }
                Issue.record("it was not stopped")
            } catch { #expect(error.report.code == "LAK-019") }
            #expect(try ids(table) == Array(0..<240))
        }
        #expect(try table.snapshot().dataVersion == before.version)
        #expect(table.pending.all.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.store.root + "/.staging").isEmpty)
    }

    @Test func compactionChangesNoData() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(configuration: ["delta.checkpointInterval": "1000"])
        for number in 0..<4 { try append(rows(number * 4..<number * 4 + 4), to: table) }
        let before = try table.snapshot()
        #expect(before.dataVersion == 4 && before.filesToCompact(CompactionPolicy(filesMin: 4)) == 4)
        _ = try table.compact(CompactionPolicy(filesMin: 4))
        let after = try table.snapshot()
        #expect(after.version == 5 && after.dataVersion == 4 && after.fileCount == 1)
        #expect(after.filesToCompact(CompactionPolicy(filesMin: 4)) == 0)
        #expect(try DeltaTable.open(store: fixture.store, path: "t").snapshot().dataVersion == 4)
        try append(rows(16..<20), to: table)
        #expect(try table.snapshot().dataVersion == 6)
        try table.checkpoint()
        _ = try table.compact(CompactionPolicy(filesMin: 2))
        #expect(try DeltaTable.open(store: fixture.store, path: "t").snapshot().dataVersion == 6)
        #expect(try ids(table) == Array(0..<20))
    }
}
