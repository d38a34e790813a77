public import Base

/// SQL that a template gave, with where each part of it came from.
public struct RenderedSQL: Sendable, Hashable {
    public let text: String
    public let sourceMap: SourceMap

    public init(text: String, sourceMap: SourceMap) {
        self.text = text
        self.sourceMap = sourceMap
    }

    /// Pieces of rendered SQL one after another, each with its own origin.
    init(joining pieces: [RenderedSQL]) {
        var text = ""
        var segments: [SourceMap.Segment] = []
        for piece in pieces {
            let start = text.utf8.count
            for segment in piece.sourceMap.segments {
                segments.append(
                    SourceMap.Segment(
                        outputStart: segment.outputStart + start, source: segment.source,
                        templateStart: segment.templateStart, isVerbatim: segment.isVerbatim))
            }
            text += piece.text
        }
        self.init(text: text, sourceMap: SourceMap(segments: segments))
    }

    /// A part of this SQL, by UTF-8 offsets that lie on character boundaries.
    subscript(utf8 range: Range<Int>) -> RenderedSQL {
        let view = text.utf8
        let start = view.index(view.startIndex, offsetBy: range.lowerBound)
        let end = view.index(view.startIndex, offsetBy: range.upperBound)
        return RenderedSQL(text: String(text[start..<end]), sourceMap: sourceMap.slice(range))
    }
}

/// Maps a position in rendered SQL back to the template that it came from.
///
/// Text of the template keeps its exact position. What an expression (`{{ ... }}`) printed maps to where that
/// expression starts, also when a macro of another file made the text.
public struct SourceMap: Sendable, Hashable {
    /// A stretch of output, up to the next segment's start.
    struct Segment: Sendable, Hashable {
        /// UTF-8 offset in the rendered text.
        let outputStart: Int
        let source: TemplateSource
        /// UTF-8 offset in the template.
        let templateStart: Int
        /// Whether output and template hold the same bytes here.
        let isVerbatim: Bool
    }

    /// In order of `outputStart`.
    let segments: [Segment]

    /// Where the byte at a UTF-8 offset of the rendered text came from; nil when nothing was rendered.
    public func location(utf8Offset: Int) -> SourceLocation? {
        guard let first = segments.first else { return nil }
        var (low, high) = (0, segments.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].outputStart <= utf8Offset { low = middle } else { high = middle }
        }
        let segment = low == 0 ? first : segments[low]
        let inside = segment.isVerbatim ? max(0, utf8Offset - segment.outputStart) : 0
        return segment.source.location(at: segment.templateStart + inside)
    }

    func slice(_ range: Range<Int>) -> SourceMap {
        var kept: [Segment] = []
        for (index, segment) in segments.enumerated() {
            let end = index + 1 < segments.count ? segments[index + 1].outputStart : Int.max
            guard segment.outputStart < range.upperBound, end > range.lowerBound else { continue }
            let skipped = max(0, range.lowerBound - segment.outputStart)
            kept.append(
                Segment(
                    outputStart: max(segment.outputStart, range.lowerBound) - range.lowerBound, source: segment.source,
                    templateStart: segment.templateStart + (segment.isVerbatim ? skipped : 0),
                    isVerbatim: segment.isVerbatim))
        }
        return SourceMap(segments: kept)
    }
}
