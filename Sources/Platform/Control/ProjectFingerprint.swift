internal import Foundation
internal import ProjectModel

/// What the files are that a project is read from, so that a command and the running platform can tell whether they
/// mean the same project.
struct ProjectFingerprint: Codable, Equatable, Sendable {
    /// Paths within the project to digests of what the files hold.
    private let files: [String: String]

    /// Reads all files that models, tests, sources and settings are written in; not their data.
    init(_ options: PlatformOptions) {
        let (project, _) = ProjectLoader.load(
            directory: options.projectDirectory, environment: ProcessInfo.processInfo.environment)
        let settings = project.settings
        let folders =
            settings.modelPaths + settings.seedPaths + settings.testPaths + settings.macroPaths
            + settings.snapshotPaths + settings.sourcePaths + settings.apiPaths
        var found = ["dbt_project.yml", "gariep.yaml", "gariep.yml"]
        for folder in folders {
            let paths = FileManager.default.enumerator(atPath: Self.absolute(folder, options))
            while let path = paths?.nextObject() as? String {
                let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
                if !isHidden, Self.endings.contains(where: path.hasSuffix) { found.append("\(folder)/\(path)") }
            }
        }
        var files: [String: String] = [:]
        for path in found {
            guard let data = FileManager.default.contents(atPath: Self.absolute(path, options)) else { continue }
            files[path] = Digest.text(String(decoding: data, as: UTF8.self))
        }
        self.files = files
    }

    private static let endings = [".sql", ".yml", ".yaml", ".avsc"]

    private static func absolute(_ path: String, _ options: PlatformOptions) -> String {
        path.hasPrefix("/") ? path : "\(options.projectDirectory)/\(path)"
    }

    /// What has happened to which files since `earlier`, by path: `models/a.sql (changed)`.
    func changes(since earlier: ProjectFingerprint) -> [String] {
        Set(files.keys).union(earlier.files.keys).sorted().compactMap { path -> String? in
            switch (earlier.files[path], files[path]) {
            case (let old?, let new?): old == new ? nil : "\(path) (changed)"
            case (nil, _): "\(path) (new)"
            case (_, nil): "\(path) (gone)"
            }
        }
    }

    /// As a request carries it.
    var encoded: [UInt8] {
        // Strings always encode.
        [UInt8]((try? JSONEncoder().encode(self)) ?? Data())
    }

    /// - Returns: nil where `bytes` are none.
    init?(encoded bytes: [UInt8]) {
        guard let decoded = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = decoded
    }
}
