import Base
import Testing

@testable import ProjectModel

struct SourceMapTests {
    /// Every word of the template that stands outside of tags is unique, so its place can be looked up in both texts.
    @Test(arguments: 0..<100)
    func verbatimTextMapsToItself(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var text = "{% macro m(n) %}{% for i in range(n) %} mm{{ i }}{% endfor %}{% endmacro %}"
        for number in 0..<Int.random(in: 1...30, using: &random) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: text += "{{ 'value' * \(Int.random(in: 0...3, using: &random)) }}"
            case 1: text += "{%- set x = \(number) -%}"
            case 2: text += "{# é comment #}"
            case 3: text += "\n  "
            case 4: text += "{% if \(number) is odd %} odd\(number)ö {% else %} even\(number)é {% endif %}"
            case 5: text += "{{ m(\(Int.random(in: 0...3, using: &random))) }}"
            case 6: text += "{% raw %} raw\(number)ß {{ }}{% endraw %}"
            default: text += " wörd\(number)x "
            }
        }
        let source = TemplateSource(file: "t.sql", text: text)
        let rendered = try render(text)
        let words = rendered.text.split(whereSeparator: { " \n".contains($0) })
        for word in words where word.unicodeScalars.contains(where: { "öéß".unicodeScalars.contains($0) }) {
            let clean = word.prefix { $0 != "v" && $0 != "m" && $0 != "{" }
            guard clean.count == word.count, let inTemplate = text.range(of: word) else { continue }
            let offset = rendered.text.utf8.distance(from: rendered.text.startIndex, to: word.startIndex)
            let expected = source.location(at: text.utf8.distance(from: text.startIndex, to: inTemplate))
            #expect(rendered.sourceMap.location(utf8Offset: offset) == expected, "seed \(seed): \(word)")
        }
    }

    @Test func printedTextMapsToItsExpression() throws {
        let rendered = try render("select\n  {{ 'abc' }} as x,\n  nope")
        func place(_ offset: Int) -> String { rendered.sourceMap.location(utf8Offset: offset)?.description ?? "" }
        #expect(rendered.text == "select\n  abc as x,\n  nope")
        #expect(place(0) == "t.sql:1:1")
        #expect(place(9) == "t.sql:2:6")
        #expect(place(11) == "t.sql:2:6")
        #expect(place(13) == "t.sql:2:15")
        #expect(place(21) == "t.sql:3:3")
    }

    @Test func ephemeralModelsKeepTheirPlaces() throws {
        let inner = try render("select 1 as a")
        let outer = try render("-- first\nwith x as (select 2)\nselect * from {{ 'e' }}")
        let composed = EphemeralComposer.prepend([(DatasetName("e"), inner)], to: outer)
        #expect(composed.text == "with \"e\" as (\nselect 1 as a\n),\n x as (select 2)\nselect * from e")
        let position = composed.text.utf8.count - 1
        #expect(composed.sourceMap.location(utf8Offset: position)?.description == "t.sql:3:18")
        #expect(composed.sourceMap.location(utf8Offset: 21)?.description == "t.sql:1:8")
        #expect(
            EphemeralComposer.prepend([(DatasetName("e"), inner)], to: try render("select 1 as withdrawn")).text
                == "with \"e\" as (\nselect 1 as a\n)\nselect 1 as withdrawn")
    }
}

extension String {
    /// Where a word first stands in this text.
    func range(of word: Substring) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(word) { return index }
            index = self.index(after: index)
        }
        return nil
    }
}
