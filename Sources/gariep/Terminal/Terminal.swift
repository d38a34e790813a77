internal import Base
internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Where people read: standard output for answers, standard error for everything else.
enum Terminal {
    static func print(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    static var outputIsTerminal: Bool { isatty(1) == 1 }
    static var errorIsTerminal: Bool { isatty(2) == 1 }

    /// Columns of the terminal that standard output goes to; nil where it goes elsewhere.
    static var width: Int? {
        guard outputIsTerminal else { return nil }
        var size = winsize()
        guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    static func progress() -> any WorkReporting {
        TerminalProgress(clock: SystemClock(), isTerminal: errorIsTerminal, width: width ?? 100)
    }

    /// 2: mend the project or the request; 3: mend the machine or data; 1: the rest.
    static func exitCode(_ report: ErrorReport) -> Int32 {
        switch report.recovery {
        case .changeProject, .changeRequest: 2
        case .changeMachine, .repairData: 3
        default: 1
        }
    }
}
