import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Wrong and repeated requests to the REST API.
extension FaultTests {
    private struct Answer {
        let status: Int
        let headers: [String: String]
        let body: Data
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }
        var rows: [[String: Any]] { json["data"] as? [[String: Any]] ?? [] }
    }

    private func ask(_ url: String, method: String = "GET", headers: [String: String] = [:]) async throws -> Answer {
        var request = URLRequest(
            url: try #require(URL(string: url)), cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 20)
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (body, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        var fields: [String: String] = [:]
        for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
        return Answer(status: http.statusCode, headers: fields, body: body)
    }

    @Test func theAPIAnswersWrongAndRepeatedRequestsByTheBook() async throws {
        let project = try FaultProject.shop()
        let platform = try project.up()
        let started = platform.text
        let line = try #require(started.split(separator: "\n").first { $0.contains("REST  ") })
        let base = String(try #require(line.split(separator: " ").last))
        #expect(try eventually { try project.gariep("status").output.contains(": settled") })
        let customers = base + "/v1/customers"

        let wrong: [(method: String, url: String, status: Int)] = [
            ("GET", base + "/v1/nothing", 404), ("POST", customers, 405), ("DELETE", customers, 405),
            ("GET", customers + "?color=red", 400), ("GET", customers + "?limit=many", 400),
            ("GET", customers + "?order=color", 400), ("GET", customers + "?cursor=garbage", 400),
            ("GET", customers + "?fields=color", 400), ("GET", customers + "?total=much", 400),
            ("POST", base + "/openapi.json", 405), ("POST", base + "/", 405),
            ("GET", customers + "?total.gt=0x10", 400), ("GET", customers + "?total.gt=1e500", 400),
        ]
        for (method, url, status) in wrong {
            let answer = try await ask(url, method: method)
            #expect(answer.status == status, "\(method) \(url): \(answer.status) \(answer.text)")
            #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true, "\(method) \(url)")
            #expect(answer.json["status"] as? Int == status && answer.json["title"] is String, "\(answer.text)")
            #expect((answer.json["code"] as? String)?.hasPrefix("HTTP-") == true, "\(answer.text)")
            if status == 405 { #expect(answer.headers["allow"]?.contains("GET") == true) }
        }

        let whole = try await ask(customers)
        #expect(whole.status == 200 && whole.rows.count == 3, "\(whole.text)")
        let tag = try #require(whole.headers["etag"])
        let same = try await ask(customers, headers: ["If-None-Match": tag])
        #expect(same.status == 304 && same.body.isEmpty)
        #expect(try await ask(customers, headers: ["If-None-Match": "\"other\""]).status == 200)

        // One row a page, by the cursor, is the same as all at once.
        var walked: [[String: Any]] = []
        var cursor: String?
        repeat {
            let page = try await ask(customers + "?limit=1" + (cursor.map { "&cursor=\($0)" } ?? ""))
            #expect(page.status == 200 && page.rows.count <= 1, "\(page.text)")
            walked += page.rows
            cursor = page.json["next_cursor"] as? String
        } while cursor != nil && walked.count < 10
        #expect(NSArray(array: walked).isEqual(to: whole.rows), "\(walked) and \(whole.rows)")

        #expect(try await ask(customers, headers: ["Accept": "image/png"]).status == 406)
        #expect(try await ask(customers, headers: ["Accept": "text/csv;q=0"]).status == 406)
        let options = try await ask(customers, method: "OPTIONS")
        #expect(options.status == 204 && options.headers["allow"] == "GET, HEAD, OPTIONS")
        let head = try await ask(customers, method: "HEAD")
        #expect(head.status == 200 && head.body.isEmpty && head.headers["etag"] == tag)

        // CSV has the rows of JSON.
        let csv = try await ask(customers, headers: ["Accept": "text/csv"])
        #expect(csv.headers["content-type"]?.hasPrefix("text/csv") == true)
        let lines = csv.text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
        #expect(lines.count == 4)
        let names = try #require(lines.first)
        for (values, row) in zip(lines.dropFirst(), whole.rows) {
            for (name, value) in zip(names, values) {
                let expected = try #require(row[name])
                #expect(
                    value == "\(expected)" || Double(value) == Double("\(expected)"), "\(name): \(value), \(expected)")
            }
        }

        let document = try await ask(base + "/openapi.json")
        #expect(document.status == 200 && (document.json["paths"] as? [String: Any])?["/v1/customers"] != nil)
        let validator = GariepProcess.root.appendingPathComponent(".deps/venv/bin/openapi-spec-validator").path
        if FileManager.default.isExecutableFile(atPath: validator) {
            let file = project.folder.url.appendingPathComponent("openapi.json")
            try document.body.write(to: file)
            let judged = try GariepProcess.run(validator, [file.path], seconds: 60)
            #expect(judged.status == 0, "\(judged.output)")
        } else {
            print("skipped: openapi-spec-validator is not in .deps/venv")
        }
        project.stop(platform)
    }
}
