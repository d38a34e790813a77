#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The system's number for a port that is taken.
let addressInUse = EADDRINUSE
