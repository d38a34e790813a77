import Base
import Columnar
import Foundation
import Testing

@testable import Formats

/// A Python that has fastavro: the project's own, or the one that GARIEP_PYTHON names. Nil, with the reason printed, if none.
private let python: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let candidates: [String?] = [
        ProcessInfo.processInfo.environment["GARIEP_PYTHON"],
        root.appendingPathComponent(".deps/venv/bin/python3").path,
    ]
    for candidate in candidates.compactMap({ $0 }) where FileManager.default.isExecutableFile(atPath: candidate) {
        if (try? run(candidate, ["-c", "import fastavro"]))?.status == 0 { return candidate }
    }
    print("skipped: comparison with fastavro, for no Python with fastavro was found (.deps/venv, GARIEP_PYTHON)")
    return nil
}()

private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// `make FOLDER COUNT` writes files of random schemas and rows, and a reader's schema for each; `check FOLDER COUNT`
/// reads them by the reader's schema and compares with the files that this program made of them.
private let script = #"""
    import copy, json, random, struct, sys, datetime, decimal
    import fastavro
    mode, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    names = 0
    def name(prefix):
        global names
        names += 1
        return prefix + str(names)
    def simple(r):
        return r.choice(["int", "long", "float", "double", "string", "bytes", "boolean",
            {"type": "long", "logicalType": "timestamp-millis"}, {"type": "long", "logicalType": "local-timestamp-micros"},
            {"type": "int", "logicalType": "date"}, {"type": "int", "logicalType": "time-millis"},
            {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}])
    def kind(r, depth):
        pick = r.random()
        if depth > 2 or pick < 0.4: return simple(r)
        if pick < 0.6:
            inner = kind(r, depth + 1)
            return inner if isinstance(inner, list) else ["null", inner] if r.random() < 0.8 else [inner, "null"]
        if pick < 0.68: return {"type": "enum", "name": name("E"), "symbols": ["A", "B", "C"][:r.randint(1, 3)]}
        if pick < 0.74: return {"type": "fixed", "name": name("F"), "size": r.randint(1, 9)}
        if pick < 0.82: return {"type": "array", "items": kind(r, depth + 1)}
        if pick < 0.90: return {"type": "map", "values": kind(r, depth + 1)}
        if pick < 0.95: return ["null", "int", "string", {"type": "array", "items": "long"}]
        return record(r, depth + 1)
    def record(r, depth):
        return {"type": "record", "name": name("R"), "fields": [{"name": name("f"), "type": kind(r, depth)} for _ in range(r.randint(1, 6))]}
    def value(r, t):
        if isinstance(t, list): return value(r, r.choice(t))
        logical = t.get("logicalType") if isinstance(t, dict) else None
        if logical == "timestamp-millis": return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=r.randint(-10**12, 4 * 10**12))
        if logical == "local-timestamp-micros": return datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=r.randint(-10**15, 4 * 10**15))
        if logical == "date": return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.randint(-10000, 40000))
        if logical == "time-millis": return datetime.time(r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), r.randint(0, 999) * 1000)
        if logical == "decimal": return decimal.Decimal(r.randint(-10**19, 10**19)).scaleb(-4)
        t2 = t["type"] if isinstance(t, dict) else t
        if t2 == "null": return None
        if t2 == "int": return r.choice([0, -1, 2**31 - 1, -2**31, r.randint(-2**31, 2**31 - 1)])
        if t2 == "long": return r.choice([0, 2**63 - 1, -2**63, r.randint(-2**40, 2**40)])
        if t2 == "float": return float(r.randint(-10**6, 10**6)) / 8
        if t2 == "double": return r.choice([0.0, -0.0, 1e308, r.random()])
        if t2 == "string": return r.choice(["", "x", "ǃ🌊ß", "y" * 100])
        if t2 == "bytes": return bytes(r.randint(0, 255) for _ in range(r.randint(0, 9)))
        if t2 == "boolean": return r.random() < 0.5
        if t2 == "enum": return r.choice(t["symbols"])
        if t2 == "fixed": return bytes(r.randint(0, 255) for _ in range(t["size"]))
        if t2 == "array": return [value(r, t["items"]) for _ in range(r.randint(0, 4))]
        if t2 == "map": return {"k%d" % i: value(r, t["values"]) for i in range(r.randint(0, 4))}
        return {f["name"]: value(r, f["type"]) for f in t["fields"]}
    def evolve(r, schema):
        new = copy.deepcopy(schema)
        wider = {"int": ["long", "float", "double"], "long": ["float", "double"], "float": ["double"], "string": ["bytes"]}
        for f in new["fields"]:
            if isinstance(f["type"], str) and f["type"] in wider and r.random() < 0.5: f["type"] = r.choice(wider[f["type"]])
            if not isinstance(f["type"], list) and r.random() < 0.2: f["type"] = ["null", f["type"]]
            if r.random() < 0.2: f["aliases"], f["name"] = [f["name"]], name("renamed")
        new["fields"] = [f for f in new["fields"] if r.random() < 0.8 or '"name": "' in json.dumps(f["type"])]
        for t, d in [("int", 7), ("string", "ü"), (["null", "long"], None), ({"type": "array", "items": "int"}, [1, 2]), ({"type": "map", "values": "string"}, {"a": "b"})]:
            if r.random() < 0.3: new["fields"].append({"name": name("new"), "type": t, "default": d})
        r.shuffle(new["fields"]) if '"name": "R' not in json.dumps(new["fields"]) else None
        return new
    for case in range(count):
        path = "%s/%d" % (folder, case)
        if mode == "make":
            r = random.Random(case)
            schema = record(r, 0)
            reader = evolve(r, schema) if case % 2 else schema
            with open(path + ".avro", "wb") as f: fastavro.writer(f, schema, [value(r, schema) for _ in range(20)], sync_interval=300)
            with open(path + ".json", "w") as f: json.dump(reader, f, ensure_ascii=False)
        else:
            reader = json.load(open(path + ".json"))
            expected = list(fastavro.reader(open(path + ".avro", "rb"), reader_schema=reader if case % 2 else None))
            found = list(fastavro.reader(open(path + ".out", "rb")))
            # fastavro promotes to Python's own floats, which are doubles.
            for f in reader["fields"]:
                if f["type"] in ["float", ["null", "float"]]:
                    for row in expected:
                        if row[f["name"]] is not None: row[f["name"]] = struct.unpack("f", struct.pack("f", row[f["name"]]))[0]
            if expected != found:
                for a, b in zip(expected, found):
                    if a != b: print("case", case, json.dumps(reader), "\nexpected", a, "\nfound   ", b); break
                sys.exit("case %d: %d rows expected, %d found, or different ones" % (case, len(expected), len(found)))
    """#

@Test(.enabled(if: python != nil)) func fastavroReadsAndWritesTheSame() throws {
    let python = try #require(python)
    let folder = NSTemporaryDirectory() + "fastavro-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try script.write(toFile: folder + "/script.py", atomically: true, encoding: .utf8)
    let cases = 120
    let made = try run(python, [folder + "/script.py", "make", folder, "\(cases)"])
    try #require(made.status == 0, "\(made.output)")
    for number in 0..<cases {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(number).avro")))
        let text = try String(contentsOfFile: "\(folder)/\(number).json", encoding: .utf8)
        let reader = try AvroSchema(parsing: text)
        let batch = try AvroFile.read(bytes, as: reader)
        #expect(batch.count == 20)
        var random = SplitMix64(seed: UInt64(number))
        let out = try AvroFile.write(batch, as: reader, blockBytes: 200, random: &random)
        try Data(out).write(to: URL(fileURLWithPath: "\(folder)/\(number).out"))
    }
    let checked = try run(python, [folder + "/script.py", "check", folder, "\(cases)"])
    #expect(checked.status == 0, "\(checked.output)")
}
