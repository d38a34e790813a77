import Base
import Testing

@testable import ProjectModel

struct TemplateErrorTests {
    @Test(
        arguments: [
            ("{{ x }}", "t.sql:1:4: error PRJ-011: `x` is not defined"),
            ("a\n  {{ 1 + 'a' }}", "t.sql:2:6: error PRJ-011: `+` does not work on these"),
            ("{{ 1 / 0 }}", "t.sql:1:4: error PRJ-011: division by zero"),
            ("é {{ foo( }}", "t.sql:1:11: error PRJ-010: a bracket is not closed"),
            ("é {{ 1 ", "t.sql:1:8: error PRJ-010: the tag is never closed"),
            ("{{ 'abc }}", "t.sql:1:4: error PRJ-010: the string is never closed"),
            ("{% if x %}", "t.sql:1:1: error PRJ-010: `if` is never closed"),
            ("{% endif %}", "t.sql:1:1: error PRJ-010: `endif` closes a block that is not open"),
            ("{% fro x in y %}", "t.sql:1:1: error PRJ-010: unknown statement"),
            ("{# open", "t.sql:1:1: error PRJ-010: the comment is never closed"),
            ("{% raw %} x", "t.sql:1:1: error PRJ-010: `raw` is never closed"),
            ("{{ 1 2 }}", "t.sql:1:6: error PRJ-010: the template cannot be read"),
            ("{{ 'a' | uper }}", "t.sql:1:10: error PRJ-011: there is no filter of this name"),
            ("{{ 'a' is strnig }}", "t.sql:1:11: error PRJ-011: there is no test of this name"),
            ("{{ [1].apend(2) }}", "t.sql:1:4: error PRJ-011: a list has nothing of this name"),
            ("{{ 3() }}", "t.sql:1:4: error PRJ-011: this cannot be called"),
            ("{% for x in 5 %}{% endfor %}", "t.sql:1:13: error PRJ-011: this cannot be gone through one by one"),
            (
                "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
                "t.sql:1:34: error PRJ-011: too many arguments for the macro `m`"
            ),
            (
                "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
                "t.sql:1:34: error PRJ-011: the macro `m` has no parameter of this name"
            ),
            ("{% include 'x' %}", "t.sql:1:1: error PRJ-022: the template statement `include` is not supported yet"),
            ("{{ 99999999999999999999 }}", "t.sql:1:4: error PRJ-010: the number is too large"),
            ("{{ 9223372036854775807 + 1 }}", "t.sql:1:4: error PRJ-011: the result is too large"),
            ("{{ {}.a.b }}", "t.sql:1:4: error PRJ-011: `a` is not defined"),
            ("{{ ) }}", "t.sql:1:4: error PRJ-010: a bracket closes that was not opened"),
            ("{{ a ? b }}", "t.sql:1:6: error PRJ-010: unexpected character"),
        ])
    func mistakesAreNamedWithTheirPlace(template: String, expected: String) {
        let error = #expect(throws: ProjectError.self) { try render(template) }
        #expect(error?.description.split(separator: "\n").first.map { String($0) } == expected)
    }

    @Test func slipsAreMended() {
        let error = #expect(throws: ProjectError.self) { try render("{% set customers = 1 %}{{ custmers }}") }
        #expect(error?.report.hint == "Did you mean `customers`?")
    }

    @Test(
        arguments: [
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "{{ range(1000000000000) }}", "{{ 'a' * 1000000000000 }}", "{{ [1] * 1000000000000 }}",
            "{% set x = namespace(t='aaaaaaaa') %}{% for i in range(100) %}{% set x.t = x.t ~ x.t %}{% endfor %}",
            "{% set x = namespace(t=[1]) %}{% for i in range(100) %}{% set x.t = x.t + x.t %}{% endfor %}",
            "{% for i in range(100000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}",
            String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000),
            "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
            "{{ " + String(repeating: "-", count: 5000) + "1 }}",
            "{{ 1" + String(repeating: " + 1", count: 100_000) + " }}",
            "{{ x" + String(repeating: ".a", count: 100_000) + " }}",
            "{{ " + String(repeating: "not ", count: 100_000) + "1 }}",
            "{{ 1" + String(repeating: " if 1 else 1", count: 100_000) + " }}",
            "{{ 'a'" + String(repeating: " | upper", count: 100_000) + " }}",
            "{% macro m() %}"
                + String(repeating: "{% for i in [1] %}", count: 20) + "{{ [[[[[[[[[[m()]]]]]]]]]] }}"
                + String(repeating: "{% endfor %}", count: 20) + "{% endmacro %}{{ m() }}",
            "{{ " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + " }}",
        ])
    func endlessTemplatesAreStopped(template: String) {
        let limits = TemplateLimits(stepsMax: 200_000)
        let error = #expect(throws: ProjectError.self) { try render(template, limits: limits) }
        guard case .templateLimit = error else {
            Issue.record("\(String(describing: error)) for \(template.prefix(80))")
            return
        }
    }

    @Test func longChainsAreNotNesting() throws {
        let sum = "{{ " + Array(repeating: "1", count: 240).joined(separator: " + ") + " }}"
        #expect(try render(sum).text == "240")
        let nots = "{{ " + String(repeating: "not ", count: 201) + "1 }}"
        #expect(try render(nots).text == "False")
        let calls = "{{ 'a'" + String(repeating: ".upper()", count: 80) + " }}"
        #expect(try render(calls).text == "A")
    }

    @Test(arguments: 0..<300)
    func garbageNeverTraps(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "if", "for", "x", "in", "[", "]", "(", ")", "{", "}",
            "'a'",
            "1", "2.5", "|", "upper", "join", "set", "=", "endif", "endfor", "macro", "endmacro", ".", ",", ":", "~",
            "é",
            "*", "//", "%", "is", "not", "raw", "endraw", "call", "\\", "\"", "range(9)", "none", "**", "==",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 1...40, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
        do {
            _ = try render(text, limits: TemplateLimits(stepsMax: 20_000))
        } catch let error as ProjectError {
            #expect(error.report.location?.file == "t.sql", "seed \(seed): \(text)")
        } catch {
            Issue.record("seed \(seed): \(error)")
        }
    }
}
