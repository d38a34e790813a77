import Formats
import Testing

@testable import SchemaRegistry

/// A record of one field each, as JSON inside the JSON of a body.
private func record(_ fields: String...) -> String {
    #"{"type":"record","name":"R","fields":["# + fields.joined(separator: ",") + "]}"
}
private func body(_ schema: String, _ more: (String, SchemaJSON)...) -> [UInt8] {
    Array(SchemaJSON.object([("schema", .string(schema))] + more).text.utf8)
}
private let a = #"{"name":"a","type":"int"}"#
private let b = #"{"name":"b","type":"int"}"#
private let bWithDefault = #"{"name":"b","type":"int","default":0}"#

private struct Client {
    let routes: RegistryRoutes
    init(_ registry: SubjectRegistry = SubjectRegistry()) { routes = RegistryRoutes(registry) }

    /// Status and body.
    func ask(_ method: String, _ target: String, _ body: [UInt8] = []) -> (status: Int, json: SchemaJSON, text: String)
    {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let response = routes.respond(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", body: body)
        let text = String(decoding: response.body, as: UTF8.self)
        return (response.status, (try? SchemaJSON(parsing: text)) ?? .null, text)
    }
}

@Test func aSchemaIsRegisteredLookedUpAndRead() {
    let client = Client()
    #expect(client.ask("GET", "/subjects").text == "[]")
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).text == #"{"id":1}"#)
    #expect(client.ask("POST", "/subjects/s/versions", body(record(" " + a))).text == #"{"id":1}"#)
    #expect(client.ask("POST", "/subjects/t%2Fu/versions", body(record(a))).text == #"{"id":1}"#)
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a, bWithDefault))).text == #"{"id":2}"#)
    #expect(client.ask("GET", "/subjects").text == #"["s","t/u"]"#)
    #expect(client.ask("GET", "/subjects/s/versions").text == "[1,2]")
    let latest = client.ask("GET", "/subjects/s/versions/latest").json
    #expect(latest["version"]?.integer == 2)
    #expect(latest["id"]?.integer == 2)
    #expect(client.ask("GET", "/subjects/s/versions/1/schema").json["name"]?.string == "R")
    #expect(client.ask("GET", "/schemas/ids/1").json["schema"]?.string?.contains(#""name":"R""#) == true)
    #expect(client.ask("GET", "/schemas/ids/1/schema").json["type"]?.string == "record")
    #expect(client.ask("GET", "/schemas/ids/1/subjects").text == #"["s","t/u"]"#)
    #expect(
        client.ask("GET", "/schemas/ids/1/versions").text
            == #"[{"subject":"s","version":1},{"subject":"t/u","version":1}]"#)
    let found = client.ask("POST", "/subjects/s", body(record(a))).json
    #expect(found["version"]?.integer == 1)
    #expect(found["subject"]?.string == "s")
    #expect(client.ask("GET", "/schemas/types").text == #"["AVRO"]"#)
    #expect(client.ask("GET", "/contexts").text == #"["."]"#)
}

@Test(arguments: [
    ("GET", "/subjects/none/versions", "", 404, 40401),
    ("GET", "/subjects/s/versions/9", "", 404, 40402),
    ("GET", "/subjects/s/versions/0", "", 422, 42202),
    ("GET", "/subjects/s/versions/x", "", 422, 42202),
    ("GET", "/schemas/ids/99", "", 404, 40403),
    ("GET", "/schemas/ids/x", "", 404, 40403),
    ("POST", "/subjects/s", #"{"schema":"\"string\""}"#, 404, 40403),
    ("POST", "/subjects/none", #"{"schema":"\"string\""}"#, 404, 40401),
    ("POST", "/subjects/s/versions", #"{"schema":"{\"type\":\"nonsense\"}"}"#, 422, 42201),
    ("POST", "/subjects/s/versions", #"{"schema":"{"}"#, 422, 42201),
    ("POST", "/subjects/s/versions", #"{}"#, 422, 42201),
    ("POST", "/subjects/s/versions", #"{"schema":"{}","schemaType":"PROTOBUF"}"#, 422, 42201),
    ("POST", "/subjects/s/versions", #"{"schema":"{}","schemaType":"JSON"}"#, 422, 42201),
    ("POST", "/subjects/s/versions", "not json", 400, 400),
    ("POST", "/subjects/s/versions", #"{"schema":"\"string\""}"#, 409, 409),
    (
        "POST", "/subjects/s/versions", #"{"schema":"\"int\"","references":[{"name":"x","subject":"x","version":1}]}"#,
        422, 42201
    ),
    ("DELETE", "/subjects/s?permanent=true", "", 404, 40405),
    ("DELETE", "/subjects/s/versions/1?permanent=true", "", 404, 40407),
    ("DELETE", "/subjects/none", "", 404, 40401),
    ("GET", "/config/s", "", 404, 40408),
    ("GET", "/mode/s", "", 404, 40409),
    ("PUT", "/config", #"{"compatibility":"SIDEWAYS"}"#, 422, 42203),
    ("PUT", "/mode", #"{"mode":"SIDEWAYS"}"#, 422, 42204),
    ("GET", "/nothing", "", 404, 404),
    ("PATCH", "/subjects", "", 404, 404),
])
func wrongRequestsHaveConfluentsCodes(method: String, target: String, body text: String, status: Int, code: Int) {
    let client = Client()
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).status == 200)
    let answer = client.ask(method, target, Array(text.utf8))
    #expect(answer.status == status)
    #expect(answer.json["error_code"]?.integer == Int64(code))
    #expect(answer.json["message"]?.string?.isEmpty == false)
}

@Test(arguments: [
    // old, new: compatible backward, forward
    (record(a), record(a, b), false, true),
    (record(a), record(a, bWithDefault), true, true),
    (record(a, b), record(a), true, false),
    (record(a, bWithDefault), record(a), true, true),
    (record(a), record(#"{"name":"a","type":"long"}"#), true, false),
    (record(a), record(#"{"name":"a","type":["null","int"]}"#), true, false),
    (record(a), record(#"{"name":"a","type":"string"}"#), false, false),
    (record(a), record(#"{"name":"x","type":"int","aliases":["a"]}"#), true, false),
    (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A"]}"#, false, true),
    (
        #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        #"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#, true, true
    ),
    (#"{"type":"fixed","name":"F","size":4}"#, #"{"type":"fixed","name":"F","size":5}"#, false, false),
    (#"{"type":"array","items":"int"}"#, #"{"type":"array","items":"long"}"#, true, false),
    (#"["int","string"]"#, #"["int"]"#, false, true),
    (#""string""#, #""bytes""#, true, true),
])
func levelsDecideWhatMayFollow(old: String, new: String, backward: Bool, forward: Bool) {
    let expectations: [(CompatibilityLevel, Bool)] = [
        (.none, true), (.backward, backward), (.forward, forward), (.full, backward && forward),
        (.backwardTransitive, backward), (.forwardTransitive, forward), (.fullTransitive, backward && forward),
    ]
    for (level, compatible) in expectations {
        let client = Client()
        #expect(client.ask("PUT", "/config/s", Array(#"{"compatibility":"\#(level.rawValue)"}"#.utf8)).status == 200)
        #expect(client.ask("POST", "/subjects/s/versions", body(old)).status == 200)
        let check = client.ask("POST", "/compatibility/subjects/s/versions/latest?verbose=true", body(new))
        #expect(check.json["is_compatible"]?.bool == compatible, "\(level)")
        #expect(client.ask("POST", "/subjects/s/versions", body(new)).status == (compatible ? 200 : 409), "\(level)")
    }
}

@Test func transitiveLevelsLookAtAllVersions() {
    for (level, status) in [("BACKWARD", 200), ("BACKWARD_TRANSITIVE", 409)] {
        let client = Client()
        _ = client.ask("PUT", "/config", Array(#"{"compatibility":"\#(level)"}"#.utf8))
        #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).status == 200)
        #expect(client.ask("POST", "/subjects/s/versions", body(record(a, bWithDefault))).status == 200)
        let answer = client.ask("POST", "/subjects/s/versions", body(record(a, b)))
        #expect(answer.status == status)
        if status == 409 {
            #expect(answer.json["message"]?.string?.contains("READER_FIELD_MISSING_DEFAULT_VALUE") == true)
            #expect(answer.json["message"]?.string?.contains("{oldSchemaVersion: 1}") == true)
        }
    }
}

@Test func deletionIsSoftThenPermanentAndNumbersAreNotUsedAgain() {
    let client = Client()
    _ = client.ask("POST", "/subjects/s/versions", body(record(a)))
    _ = client.ask("POST", "/subjects/s/versions", body(record(a, bWithDefault)))
    #expect(client.ask("DELETE", "/subjects/s/versions/1").text == "1")
    #expect(client.ask("DELETE", "/subjects/s/versions/1").json["error_code"]?.integer == 40406)
    #expect(client.ask("GET", "/subjects/s/versions").text == "[2]")
    #expect(client.ask("GET", "/subjects/s/versions?deleted=true").text == "[1,2]")
    #expect(client.ask("GET", "/schemas/ids/1").status == 200)
    #expect(client.ask("DELETE", "/subjects/s/versions/1?permanent=true").text == "1")
    #expect(client.ask("DELETE", "/subjects/s").text == "[2]")
    #expect(client.ask("DELETE", "/subjects/s").json["error_code"]?.integer == 40404)
    #expect(client.ask("GET", "/subjects").text == "[]")
    #expect(client.ask("GET", "/subjects?deleted=true").text == #"["s"]"#)
    #expect(client.ask("DELETE", "/subjects/s?permanent=true").text == "[2]")
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).text == #"{"id":1}"#)
    #expect(client.ask("GET", "/subjects/s/versions").text == "[3]")
}

@Test func levelsAndModesOfSubjectsComeBeforeTheGlobalOnes() {
    let client = Client()
    #expect(client.ask("GET", "/config").text == #"{"compatibilityLevel":"BACKWARD"}"#)
    #expect(client.ask("GET", "/config/s?defaultToGlobal=true").text == #"{"compatibilityLevel":"BACKWARD"}"#)
    #expect(
        client.ask("PUT", "/config/s", Array(#"{"compatibility":"full"}"#.utf8)).text == #"{"compatibility":"FULL"}"#)
    #expect(client.ask("GET", "/config/s").text == #"{"compatibilityLevel":"FULL"}"#)
    #expect(client.ask("DELETE", "/config/s").text == #"{"compatibilityLevel":"FULL"}"#)
    #expect(client.ask("GET", "/config/s").status == 404)
    #expect(client.ask("GET", "/mode").text == #"{"mode":"READWRITE"}"#)
    #expect(client.ask("PUT", "/mode/s", Array(#"{"mode":"READONLY"}"#.utf8)).text == #"{"mode":"READONLY"}"#)
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).json["error_code"]?.integer == 42205)
    #expect(client.ask("POST", "/subjects/t/versions", body(record(a))).status == 200)
    #expect(client.ask("DELETE", "/mode/s").status == 200)
    #expect(client.ask("POST", "/subjects/s/versions", body(record(a))).status == 200)
}

@Test func referencesAreResolvedAndKeepWhatTheyReferTo() throws {
    let registry = SubjectRegistry()
    let client = Client(registry)
    let point = #"{"type":"record","name":"Point","namespace":"geo","fields":[{"name":"x","type":"int"}]}"#
    _ = client.ask("POST", "/subjects/point/versions", body(point))
    let reference = SchemaJSON.array([
        .object([("name", .string("geo.Point")), ("subject", .string("point")), ("version", .number(1))])
    ])
    let line = record(#"{"name":"from","type":"geo.Point"}"#)
    #expect(client.ask("POST", "/subjects/line/versions", body(line)).json["error_code"]?.integer == 42201)
    #expect(client.ask("POST", "/subjects/line/versions", body(line, ("references", reference))).text == #"{"id":2}"#)
    #expect(client.ask("GET", "/schemas/ids/2").json["references"] == reference)
    #expect(client.ask("GET", "/subjects/point/versions/1/referencedby").text == "[2]")
    #expect(client.ask("DELETE", "/subjects/point").json["error_code"]?.integer == 42206)
    #expect(try registry.avroSchema(id: 2).named["geo.Point"] != nil)
}

@Test func normalizedSchemasThatDifferInOrderAreOne() {
    let client = Client()
    let other = #"{"fields":[{"type":"int","name":"a"}],"name":"R","type":"record"}"#
    #expect(client.ask("POST", "/subjects/s/versions?normalize=true", body(record(a))).text == #"{"id":1}"#)
    #expect(client.ask("POST", "/subjects/s/versions?normalize=true", body(other)).text == #"{"id":1}"#)
}
