internal import CArrow

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Runs calls of the shim and turns their failures into errors of this room.
struct ArrowCall {
    /// What errors name: a path, or a word for memory.
    let path: String
    /// The format's name in errors.
    let format: String

    /// - Returns: what `body` returns, unless it filled the failure in.
    /// - Throws: the failure, with its text freed.
    func callAsFunction<Result>(
        _ body: (UnsafeMutablePointer<carrow_error>) -> Result
    ) throws(FormatsError) -> Result {
        var failure = unsafe carrow_error(kind: Int32(CARROW_OK), system_error: 0, message: nil)
        let result = unsafe body(&failure)
        guard unsafe failure.kind == CARROW_OK else { throw unsafe error(failure) }
        return result
    }

    private func error(_ failure: carrow_error) -> FormatsError {
        defer { unsafe carrow_free(failure.message) }
        let problem = unsafe failure.message.map { unsafe String(cString: $0) } ?? "no reason given"
        switch unsafe failure.system_error {
        case ENOENT: return .missingFile(path: path)
        case ENOSPC, EDQUOT: return .diskFull(path: path)
        case 0: break
        default: return .failedIO(path: path, problem: problem)
        }
        return switch unsafe Int(failure.kind) {
        // Arrow says IOError of broken contents too; those of the system carry an errno.
        case Int(CARROW_IO), Int(CARROW_INVALID): .malformedFile(path: path, format: format, problem: problem)
        case Int(CARROW_UNSUPPORTED): .unsupportedColumn(format: format, problem: problem)
        case Int(CARROW_MEMORY): .outOfMemory(path: path, problem: problem)
        default:
            // Parquet and ORC throw for broken contents.
            .malformedFile(path: path, format: format, problem: problem)
        }
    }
}
