#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Whether a port can be listened on.
public enum PortProbe: Sendable, Hashable {
    case free
    /// Another program listens there.
    case taken
    /// Ports below 1024 are not for everybody.
    case forbidden
    /// What the system says.
    case unusable(String)

    /// Takes a port as the servers do, and gives it back at once.
    ///
    /// - Parameters:
    ///   - port: 0 stands for any free one, and is free.
    ///   - host: an IPv4 address of this machine, or a name of one, which is left to the servers to judge.
    public static func probe(_ port: Int, host: String) -> PortProbe {
        guard port != 0 else { return .free }
        guard let number = UInt16(exactly: port) else { return .unusable("ports are numbers from 1 to 65535") }
        let address = unsafe inet_addr(host)
        guard address != in_addr_t.max else { return .free }
        #if os(Linux)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return .unusable(unsafe String(cString: strerror(errno))) }
        defer { close(descriptor) }
        // As the servers do: connections of an earlier run that still linger do not count.
        var yes: Int32 = 1
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var wanted = sockaddr_in()
        wanted.sin_family = sa_family_t(AF_INET)
        wanted.sin_port = number.bigEndian
        wanted.sin_addr.s_addr = address
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &wanted) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        if bound == 0, listen(descriptor, 1) == 0 { return .free }
        switch errno {
        case EADDRINUSE: return .taken
        case EACCES: return .forbidden
        case let number: return .unusable(unsafe String(cString: strerror(number)))
        }
    }
}
