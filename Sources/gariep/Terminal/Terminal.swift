internal import Base
internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The system's call, which `Terminal.write` would hide.
private func writeSome(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, start, count)
}

/// Where people read: standard output for answers, standard error for everything else.
enum Terminal {
    /// Whatever is written to the terminal goes past the bars that stand there.
    private static let drawer = ProgressDrawer(
        clock: SystemClock(), isTerminal: errorIsTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb",
        size: {
            let found = Terminal.size(of: 2)
            return ProgressDrawer.Size(columns: found?.columns ?? 80, rows: found?.rows ?? 24)
        },
        // Whoever read this is gone; what it tells of goes on.
        write: { _ = Terminal.put(Array($0.utf8), to: 2) })

    /// To be called before anything is opened or written.
    static func prepare() {
        // A reader that has gone away is an error of the write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        // A file that is opened must not get the number of an output that is closed. Standard output stays unusable.
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
            _ = unsafe open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
        }
    }

    static func print(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Ends the program where nobody takes the answer.
    static func write(_ bytes: [UInt8]) {
        let problem = outputIsTerminal ? drawer.aside { put(bytes, to: 1) } : put(bytes, to: 1)
        guard problem != 0 else { return }
        // `head` has read enough.
        if problem == EPIPE { exit(0) }
        error("error: the output cannot be written: \(unsafe String(cString: strerror(problem)))")
        exit(1)
    }

    static func note(_ text: String) { drawer.note(text) }
    static func error(_ text: String) { drawer.note(text) }
    static func progress() -> any WorkReporting { drawer }

    /// - Returns: 0, or the error's number.
    private static func put(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe writeSome(descriptor, buffer.baseAddress! + written, buffer.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                // The descriptor is shared with somebody who does not want to wait.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    static var outputIsTerminal: Bool { isatty(1) == 1 }
    static var errorIsTerminal: Bool { isatty(2) == 1 }

    /// Columns of the terminal that standard output goes to; nil where it goes elsewhere.
    static var width: Int? { outputIsTerminal ? size(of: 1)?.columns ?? 80 : nil }

    private static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return (Int(size.ws_col), Int(size.ws_row))
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
