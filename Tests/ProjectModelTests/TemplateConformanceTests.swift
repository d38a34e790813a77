import Foundation
import Testing

@testable import ProjectModel

/// Templates that must come out as they do from the Jinja2 of Python, where that is installed.
private let conforming: [String] = [
    "plain text, with 'quotes' and {single braces}",
    "a\n{% if true %}\nb\n{% endif %}\nc\n",
    "a\n{%- if true -%}\n  b\n{%- endif -%}\n\nc\n\n",
    "x {#- comment -#} y {# other #} z",
    "{% raw %}{{ not run }} {% if %}{% endraw %}!",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b",
    "{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }}",
    "{{ 1.5 + 1 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e-5 }} {{ 10 / 2 }} {{ 3.0 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ 2.0 }} {{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ [1] * 2 }} {{ [1] + ['x'] }}",
    "{{ [1, 'a', none, true, 2.5, ['x'], {'k': 'v'}, (1,), (1, 2), ()] }}",
    "{{ \"it's\" }} {{ [\"it's\", 'say \"x\"', 'a\\nb', 'back\\\\slash'] }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ none == none }}",
    "{{ 1 in [1, 2] }} {{ 'b' in 'abc' }} {{ 'k' in {'k': 1} }} {{ 3 not in [1] }} {{ not 1 in [1] }}",
    "{{ 1 and 2 }} {{ 0 or 'x' }} {{ not 0 }} {{ not not 1 }} {{ '' or none }} {{ [] and 1 }}",
    "{{ 'yes' if 1 > 2 else 'no' }} {{ 'a' if true }} {{ 1 if false else 2 if false else 3 }}",
    "{{ 'abc'[0] }} {{ 'abc'[-1] }} {{ [1, 2, 3][1:] }} {{ [1, 2, 3][:-1] }} {{ 'abcdef'[1:5:2] }} {{ 'abc'[::-1] }}",
    "{{ [1, 2, 3, 4][-3:-1] }} {{ [1, 2, 3][5:] }} {{ [1, 2, 3][::-2] }} {{ [1, 2][-10:10] }} {{ 'abc'[2:0:-1] }}",
    "{{ {'a': {'b': [10, 20]}}.a.b[1] }} {{ {'a': 1}['a'] }} {{ [[1, 2], [3]].0.1 }}",
    "{% for x in [1, 2, 3] %}{{ loop.index }}/{{ loop.length }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for x in [1, 2] %}{{ loop.index0 }}{{ loop.first }}{{ loop.revindex }}{{ loop.revindex0 }};{% endfor %}",
    "{% for x in [] %}x{% else %}none{% endfor %}|{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}",
    "{% for x in range(10) if x is odd %}{{ loop.index }}:{{ x }} {% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %} {% for c in 'xyz' %}{{ c }}-{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.cycle('odd', 'even') }} {% endfor %}",
    "{% for x in 'abc' %}{{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }} {% endfor %}",
    "{% for row in [[1, 2], [3, 4]] %}{% for x in row %}{{ x }}{% if not loop.last %},{% endif %}{% endfor %};{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% if true %}{% set y = 5 %}{% endif %}{{ y }}",
    "{% set a, b = 1, 'two' %}{{ a }} {{ b }} {% set t = 1, 2 %}{{ t }}",
    "{% set ns = namespace(total=0) %}{% for i in range(5) %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}",
    "{% set block %}  inner {{ 1 + 1 }}{% endset %}[{{ block }}] {% set up | upper %}abc{% endset %}{{ up }}",
    "{% set xs = [] %}{% do xs.append(1) %}{% do xs.extend([2, 3]) %}{% do xs.insert(0, 'z') %}{{ xs }} {{ xs.pop() }} {{ xs }}",
    "{% set d = {'a': 1} %}{% do d.update({'b': 2}) %}{% do d.update(c=3) %}{{ d }} {{ d.get('z') }} {{ d.get('z', 9) }}",
    "{{ {'a': 1}.keys() | list }} {{ {'a': 1}.values() | list }} {{ {'b': 1, 'a': 2} | dictsort }} {{ {'a': 1}.pop('a') }}",
    "{% macro add(a, b=2, c='x') %}{{ a }}+{{ b }}{{ c }}{% endmacro %}{{ add(1) }} {{ add(1, 3) }} {{ add(1, c='y') }} {{ add(b=5, a=4) }}",
    "{% macro outer(x) %}<{{ inner(x) }}>{% endmacro %}{% macro inner(x) %}[{{ x }}]{% endmacro %}{{ outer('q') }}",
    "{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * fact(n - 1) | int }}{% endif %}{% endmacro %}{{ fact(6) }}",
    "{% macro v(a) %}{{ a }} {{ varargs }} {{ kwargs }}{% endmacro %}{{ v(1, 2, 3, k='x') }}",
    "{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}{% call wrap('b') %}in {{ 1 }}{% endcall %}",
    "{% macro each(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) each([1, 2]) %}({{ x }}){% endcall %}",
    "{% macro m() %}a{% endmacro %}{{ m() ~ 'b' }} {{ m() | upper }} {{ m()|length }}",
    "{% filter upper %}abc {{ 'd' }}{% endfilter %}",
    "{{ ['b', 'a'] | join(', ') }} {{ [1, 2] | join }} {{ [{'n': 'x'}, {'n': 'y'}] | join('-', attribute='n') }}",
    "{{ 'aBc' | upper }} {{ 'aBc' | lower }} {{ 'hello world' | title }} {{ 'hELLO' | capitalize }} {{ '  x ' | trim }}|",
    "{{ 'aXbXc' | replace('X', '-') }} {{ 'aXbXc' | replace('X', '-', 1) }} {{ 'abc' | reverse }} {{ [1, 2] | reverse | list }}",
    "{{ missing | default('d') }} {{ '' | default('e') }}|{{ '' | default('e', true) }} {{ none | default('n') }} {{ 0 | d(5, true) }}",
    "{{ [1, 2, 3] | length }} {{ 'abc' | length }} {{ {'a': 1} | count }} {{ [1, 2] | first }} {{ [1, 2] | last }} {{ 'ab' | list }}",
    "{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A'] | sort(case_sensitive=true) }} {{ [1, 2] | sort(reverse=true) }}",
    "{{ [{'a': 2}, {'a': 1}] | sort(attribute='a') }} {{ [1, 2, 1, 'x', 'X'] | unique | list }}",
    "{{ ['a', 'b'] | map('upper') | list }} {{ [{'n': 1}, {'n': 2}] | map(attribute='n') | list }} {{ ['a'] | map('replace', 'a', 'z') | list }}",
    "{{ [1, 2, 3, 4] | select('even') | list }} {{ [1, 0, ''] | select | list }} {{ [1, 2] | reject('eq', 1) | list }}",
    "{{ [{'t': 1}, {'t': 2}] | selectattr('t', 'eq', 2) | list }} {{ [{'t': 1}, {'t': 0}] | rejectattr('t') | list }}",
    "{{ '42' | int }} {{ '4.7' | int }} {{ 'x' | int }} {{ 'x' | int(9) }} {{ 3.9 | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }}",
    "{{ 2.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.9 | round(0, 'floor') }} {{ 42 | round }} {{ -3 | abs }}",
    "{{ [1, 2, 3] | sum }} {{ [{'a': 1}, {'a': 2}] | sum(attribute='a') }} {{ [3, 1] | min }} {{ [3, 1] | max }} {{ ['b', 'a'] | min }}",
    "{{ {'b': [1, none, true], 'a': 'x\"y'} | tojson }} {{ 'é' | tojson }} {{ \"<a href='x'>&\" | tojson }}",
    "{{ 'a b  c' | wordcount }} {{ 'x\ny' | indent }} {{ 'x\ny' | indent(2, true) }} {{ '%s-%s' | format(1, 'b') }} {{ 5 | string + '!' }}",
    "{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 0) | list }} {{ {'a': 1} | items | list }}",
    "{{ x is defined }} {{ x is undefined }} {{ none is none }} {{ 'a' is string }} {{ 1 is number }} {{ 1.5 is float }} {{ 1 is integer }}",
    "{{ true is boolean }} {{ true is true }} {{ 1 is true }} {{ {} is mapping }} {{ [] is sequence }} {{ 'a' is iterable }} {{ 1 is iterable }}",
    "{{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is not none }} {{ 2 is in [1, 2] }}",
    "{{ 'ABC' is upper }} {{ 'abc' is lower }} {{ 3 is gt 2 }} {{ 3 is eq(3) }} {{ range is callable }} {{ 1 is not defined }}",
    "{{ ' a '.strip() }}|{{ 'xxaxx'.strip('x') }} {{ 'a,b,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('c') }} {{ '-'.join(['a', 'b']) }} {{ 'abc'.upper() }} {{ 'ABC'.lower() }}",
    "{{ 'a-b'.replace('-', '_') }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'banana'.count('an') }} {{ '42'.zfill(5) }} {{ '-4'.zfill(4) }}",
    "{{ 'a b'.title() }} {{ '12'.isdigit() }} {{ 'a\nb'.splitlines() }} {{ 'abc'.capitalize() }} {{ ' x'.lstrip() }} {{ 'x '.rstrip() }}|",
    "{{ '{} {}'.format(1, 'b') }} {{ '{1} {0}'.format('a', 'b') }} {{ '{n}'.format(n=3) }} {{ '{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c') }} {{ '{:.2f}'.format(3.14159) }} {{ '{{}}'.format() }}",
    "{{ '%05.1f' % 3.14159 }} {{ '%s and %s' % ('a', 2) }} {{ '%d%%' % 50 }} {{ '%-5s|' % 'x' }} {{ '%5d|' % 42 }} {{ '%+d' % 3 }}",
    "{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(10, 0, -3) | list }} {{ range(0) | list }} {{ dict(a=1, b='x') }}",
    "{{ [1, 2].index(2) }} {{ [1, 1].count(1) }} {{ 'x' 'y' }} {{ 1_000 }} {{ (1 + 2) * 3 }} {{ -1 | abs }} {{ +3 }}",
    "{%- set cols = ['a', 'b'] -%}\nselect\n{%- for c in cols %}\n    {{ c }}{{ ',' if not loop.last }}\n{%- endfor %}\nfrom t\n",
    "{{ 'é'.upper() }} {{ 'naïve' | length }} {{ 'żółw'[1] }} Ünïcödé text",
    "a{% if 0 %}1{% elif 1 %}2{% else %}3{% endif %}b{% if none %}x{% else %}y{% endif %}",
    "{{ (1, 2)[0] }} {{ {'a': 1, 'a': 2} }} {{ {1: 'x', none: 'y'} }} {{ {true: 'z'} }} {{ 'x' if [] else 'y' }}",
    "{{ [1, [2, 3]] | tojson }} {{ 1.0 | tojson }} {{ none | string }} {{ true | lower }} {{ 3 ~ '' | length }}",
    "{% set f = 'x' %}{% macro g() %}{{ f }}{% endmacro %}{{ g() }}{% for f in ['inner'] %}{{ g() }}{% endfor %}",
    "line one\r\nline two",
    "{{ 10 is ge 10 }} {{ 'a' is sameas 'a' }} {{ 5 is lt(6) }} {{ -2 ** 2 }} {{ 2 * -3 }} {{ 1 - -1 }}",
]

struct TemplateConformanceTests {
    private static let program = """
        import json, sys
        try:
            import jinja2
        except ImportError:
            sys.exit(3)
        env = jinja2.Environment(extensions=['jinja2.ext.do'], newline_sequence='\\n')
        out = []
        for text in json.load(sys.stdin):
            try:
                out.append(env.from_string(text).render())
            except Exception as error:
                out.append('ERROR ' + str(error))
        json.dump(out, sys.stdout)
        """

    /// What Jinja2 makes of the templates; nil when Python or Jinja2 is not there.
    private static func jinja(_ templates: [String]) throws -> [String]? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, Pipe())
        try process.run()
        input.fileHandleForWriting.write(try JSONEncoder().encode(templates))
        try input.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return try JSONDecoder().decode([String].self, from: data)
    }

    @Test func rendersAsJinjaDoes() throws {
        guard let expected = try Self.jinja(conforming) else { return }
        #expect(expected.count == conforming.count)
        for (template, expected) in zip(conforming, expected) {
            // Jinja makes every newline the same; this engine keeps what the file has.
            let found = try render(template).text.replacingOccurrences(of: "\r\n", with: "\n")
            #expect(found == expected, "\(template)")
        }
    }
}

/// Renders without a project around it.
func render(_ text: String, limits: TemplateLimits = TemplateLimits()) throws -> RenderedSQL {
    let template = try TemplateParser.parse(TemplateSource(file: "t.sql", text: text))
    let globals = TemplateScope(parent: nil)
    TemplateGlobals.install(in: globals)
    return try Interpreter.render(template, globals: globals, limits: limits)
}
