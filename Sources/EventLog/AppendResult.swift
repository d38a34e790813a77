public import Base

/// When an append counts as done.
public enum Durability: Sendable, Hashable {
    /// It is in the file; a crash of the machine may lose it.
    case written
    /// It is on the disk, and readers see it.
    case synced
}

/// Where a batch went.
public struct AppendResult: Sendable, Hashable {
    /// The offset of the batch's first record.
    public let baseOffset: Offset
    /// Whether the batch was there already and was not stored again.
    public let isDuplicate: Bool
}
