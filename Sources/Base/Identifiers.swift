/// A record's number in its partition, from 0 without gaps.
public struct Offset: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    public static let zero = Offset(0)
    public var next: Offset { Offset(rawValue + 1) }
    public static func + (left: Self, distance: Int64) -> Offset { Offset(left.rawValue + distance) }
    public static func - (left: Self, right: Self) -> Int64 { left.rawValue - right.rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// The number of a checkpoint: all state with the same epoch belongs together.
public struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The state before anything ran.
    public static let none = Epoch(0)
    public var next: Epoch { Epoch(rawValue + 1) }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}
