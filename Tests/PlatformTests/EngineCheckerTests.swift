import Testing

@testable import Platform

@Test(arguments: [
    ("select 1", "select"), ("  -- a note\n/* show */ ( (FROM t", "from"), ("SHOW tables", "show"), ("-- nothing", ""),
    ("/* open", ""), ("", ""), ("'text'", ""),
])
func theFirstWordStandsBehindComments(sql: String, word: String) {
    #expect(EngineChecker.firstWord(of: sql) == word)
}
