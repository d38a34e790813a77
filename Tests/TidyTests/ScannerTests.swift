import Testing

/// The scanner that the other checks stand on.
struct ScannerTests {
    @Test(arguments: [
        ("a // Date()", "a          "),
        ("a /* b /* c */ d */ e", "a                   e"),
        (#"f("x) y", z)"#, #"f("    ", z)"#),
        (#"f("a\(b("c"))d")"#, #"f("  (b(" ")) ")"#),
        (##"f(#"a"b\(c)"#)"##, ##"f(#"       "#)"##),
        (##"f(#"a\#(c)"#)"##, ##"f(#"   (c)"#)"##),
        ("#if x", "#if x"),
        (#""a\"b""#, #""    ""#),
        ("\"\"\"\n a\"b\n \"\"\" c", "\"\"\"\n    \n \"\"\" c"),
        (#""never closed"#, #""            "#),
    ])
    func commentsAndTextsAreBlank(source: String, code: String) {
        let text = SwiftText(source)
        #expect(text.code(0..<text.code.count) == code)
    }

    @Test(arguments: [
        (
            #"ErrorReport(code: "AB-001", recovery: .retry, message: "no \(inner.name) at \(path)", hint: "a" + "b.")"#,
            "AB-001|no {inner} at {path}|retry|ab."
        ),
        (
            #"ErrorReport(code: "AB-002", recovery: .repairData, message: x ? "one" : "two", hint: hint)"#,
            "AB-002|one / two|repairData|{hint}"
        ),
        (
            #"func made() { ErrorReport(code: code, recovery: .changeProject, hint: hint) }; made("AB-003", "b", hint: h ?? "Do.")"#,
            "AB-003|b|changeProject|Do."
        ),
        (
            #"switch kind { case .outOfRange: ("AB-004", .retry, "Wait.") }"#,
            "AB-004|out of range|retry|Wait."
        ),
        (
            #"Problem(status: 404, title: "None", detail: "at \(p)", code: "AB-005")"#,
            "AB-005|None: at {p}|changeRequest|"
        ),
        (
            #"enum E: String { case noSelect = "AB-006" }; let r = ErrorReport(code: k.rawValue, recovery: .retry, hint: hint)"#,
            "AB-006|no select: {message}|retry|{hint}"
        ),
    ])
    func errorsAreFound(source: String, expected: String) throws {
        let found = ErrorCodes.definitions(in: SwiftText(source), file: "X.swift")
        try #require(found.count == 1)
        #expect(
            [found[0].code, found[0].message, found[0].recovery ?? "none", found[0].hint].joined(separator: "|")
                == expected)
    }

    @Test(arguments: [
        #"if report.code == "AB-001" {}"#, #"codes.contains("AB-001")"#, #"// code: "AB-001""#,
        #"f("AB-01", "AB-0001", "A-001")"#,
        #"f("x \(g("AB-001"))")"#,
    ])
    func usesOfCodesAreNotDefinitions(source: String) {
        #expect(ErrorCodes.definitions(in: SwiftText(source), file: "X.swift").isEmpty)
    }
}
