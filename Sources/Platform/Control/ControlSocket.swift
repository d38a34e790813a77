#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One HTTP/1.1 request to the running platform, and its answer, over a socket that waits without turning.
///
/// The server is ours: it tells how long each answer is. Source: RFC 9112.
final class ControlSocket {
    struct Problem: Error, Equatable { let text: String }

    private let descriptor: Int32
    private var waiting: ArraySlice<UInt8> = []

    /// - Parameter timeoutSeconds: how long the other side may say nothing; nil for as long as it lives.
    init(host: String, port: Int, timeoutSeconds: Int?) throws(Problem) {
        var hints = unsafe addrinfo()
        #if os(Linux)
            unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw Problem(text: unsafe String(cString: gai_strerror(code))) }
        defer { unsafe freeaddrinfo(list) }
        var opened: Int32?
        var problem = "no address"
        var next = unsafe list
        while opened == nil, let info = unsafe next {
            let candidate = unsafe socket(
                info.pointee.ai_family, info.pointee.ai_socktype, info.pointee.ai_protocol)
            if candidate >= 0, unsafe connect(candidate, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 {
                opened = candidate
            } else {
                problem = Self.systemProblem()
                if candidate >= 0 { close(candidate) }
            }
            unsafe next = info.pointee.ai_next
        }
        guard let opened else { throw Problem(text: problem) }
        descriptor = opened
        var yes: Int32 = 1
        #if !os(Linux)
            _ = unsafe setsockopt(opened, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
        // A platform whose machine is gone is found out, even while nothing is sent.
        _ = unsafe setsockopt(opened, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
        if let timeoutSeconds {
            var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
            _ = unsafe setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            _ = unsafe setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws(Problem) {
        #if os(Linux)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        var done = 0
        while done < bytes.count {
            let start = done
            let count = unsafe bytes[start...].withUnsafeBytes {
                unsafe sendBytes(descriptor, $0.baseAddress, $0.count, flags)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Problem(text: Self.systemProblem())
            }
            done += count
        }
    }

    /// Reads the answer's head.
    ///
    /// - Returns: the status, and the body's length; nil where the body ends with the connection.
    func readHead() throws(Problem) -> (status: Int, bodyBytes: Int?) {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 65_536, let byte = try nextByte() else {
                throw Problem(text: "the connection was closed without an answer")
            }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Problem(text: "an answer that is not HTTP")
        }
        var length: Int?
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { continue }
            switch sides[0].lowercased() {
            case "content-length": length = Int(sides[1].filter { $0 != " " })
            case "transfer-encoding": throw Problem(text: "an answer in pieces, which no gariep sends")
            default: break
            }
        }
        return (status, length)
    }

    /// Up to as many bytes as have come; nil at the end of the connection.
    func readSome(atMost limit: Int) throws(Problem) -> [UInt8]? {
        if waiting.isEmpty {
            guard let more = try receive() else { return nil }
            waiting = more[...]
        }
        let piece = waiting.prefix(limit)
        waiting = waiting.dropFirst(piece.count)
        return Array(piece)
    }

    private func nextByte() throws(Problem) -> UInt8? {
        if waiting.isEmpty {
            guard let more = try receive() else { return nil }
            waiting = more[...]
        }
        return waiting.popFirst()
    }

    private func receive() throws(Problem) -> [UInt8]? {
        while true {
            var code: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, filled in
                let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count < 0 { code = errno }
                filled = max(0, count)
            }
            switch code {
            case 0: return bytes.isEmpty ? nil : bytes
            case EINTR: continue
            case EAGAIN: throw Problem(text: "it says nothing")
            default: throw Problem(text: unsafe String(cString: strerror(code)))
            }
        }
    }

    private static func systemProblem() -> String { unsafe String(cString: strerror(errno)) }
}

/// Past the method of the same name.
private func sendBytes(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
    unsafe send(descriptor, start, count, flags)
}
