/// What one hand-over (source to stream, stream to table ...) has done with the rows it was given.
///
/// The sums must agree before an epoch commits: `read == written + refused + late + filtered + held`.
public struct HandOver: Sendable, Hashable, Codable {
    /// Rows taken from the giving side.
    public var read: Int64 = 0
    /// Rows given to the taking side.
    public var written: Int64 = 0
    /// Rows that went to the dead-letter topic.
    public var refused: Int64 = 0
    /// Rows that came after the watermark and went to the late topic.
    public var late: Int64 = 0
    /// Rows that the query itself leaves out (WHERE, inner joins) or folds together (GROUP BY).
    public var filtered: Int64 = 0
    /// Rows read and not yet accounted for otherwise: in open windows.
    public var held: Int64 = 0

    public init(
        read: Int64 = 0, written: Int64 = 0, refused: Int64 = 0, late: Int64 = 0, filtered: Int64 = 0, held: Int64 = 0
    ) {
        (self.read, self.written, self.refused) = (read, written, refused)
        (self.late, self.filtered, self.held) = (late, filtered, held)
    }

    /// Rows that nobody can account for; zero unless rows were lost or made up.
    public var missing: Int64 { read - written - refused - late - filtered - held }

    public static func += (left: inout Self, right: Self) {
        left.read += right.read
        left.written += right.written
        left.refused += right.refused
        left.late += right.late
        left.filtered += right.filtered
        left.held += right.held
    }
}
