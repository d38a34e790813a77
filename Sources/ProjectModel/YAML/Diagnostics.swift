internal import Base

/// Collects every mistake of a project, so that a person sees all of them at once.
final class Diagnostics {
    private(set) var errors: [ProjectError] = []
    func add(_ error: ProjectError) { errors.append(error) }

    /// Runs what may throw one mistake; other errors are a defect and are reported as an unreadable file.
    func collect<Value>(at location: SourceLocation, _ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch let error as ProjectError {
            add(error)
        } catch {
            add(.fileNotReadable(location, reason: "\(error)"))
        }
        return nil
    }

    /// Sorted by place, each once.
    var reports: [ErrorReport] { Self.sorted(errors.map(\.report)) }

    static func sorted(_ reports: [ErrorReport]) -> [ErrorReport] {
        var seen: Set<ErrorReport> = []
        let first = SourceLocation(file: "")
        return reports.filter { seen.insert($0).inserted }.sorted {
            let (left, right) = ($0.location ?? first, $1.location ?? first)
            return left == right ? ($0.code, $0.message) < ($1.code, $1.message) : left < right
        }
    }
}
