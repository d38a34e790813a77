internal import Columnar

/// The endpoints as an OpenAPI 3.1 document.
struct OpenAPIDocument {
    let title: String
    let version: String
    let endpoints: [RestEndpoint]

    var bytes: [UInt8] {
        var paths: [String: Any] = [:]
        var schemas: [String: Any] = ["Problem": Self.problem]
        for endpoint in endpoints {
            schemas[endpoint.name] = rowSchema(endpoint)
            paths[endpoint.path] = ["get": operation(endpoint)]
        }
        return JSONText.bytes([
            "openapi": "3.1.0", "info": ["title": title, "version": version],
            "paths": paths, "components": ["schemas": schemas],
        ])
    }

    private func operation(_ endpoint: RestEndpoint) -> [String: Any] {
        func parameter(_ name: String, _ description: String, _ schema: [String: Any]) -> [String: Any] {
            ["name": name, "in": "query", "required": false, "description": description, "schema": schema]
        }
        var parameters: [[String: Any]] = [
            parameter(
                "fields", "Columns to return, with commas between; in double quotes where a name has a comma.",
                ["type": "string"]),
            parameter(
                "order",
                "Columns to order by, with commas between; `.desc` turns one round. In double quotes where a name has a "
                    + "comma.", ["type": "string"]),
            parameter(
                "limit", "Rows a page at most; a page of very wide rows ends earlier, with a `next_cursor`.",
                ["type": "integer", "minimum": 1, "maximum": endpoint.pageSizeMax, "default": endpoint.pageSize]),
            parameter("cursor", "`next_cursor` of the page before.", ["type": "string"]),
            parameter("format", "Overrides the Accept header.", ["type": "string", "enum": ["json", "csv"]]),
        ]
        for field in endpoint.schema.fields {
            parameters.append(
                parameter(
                    field.name,
                    "Rows whose \(field.name) equals this. Also \(field.name).ne, .gt, .gte, .lt, .lte, .in, .null"
                        + (field.type == .utf8 ? ", .like." : ".")
                        + " .in takes values with commas between; one that holds a comma or begins with a double quote "
                        + "stands in double quotes, its own ones doubled." + Self.timeNote(field.type),
                    Self.schema(field.type)))
        }
        let rows: [String: Any] = ["type": "array", "items": ["$ref": "#/components/schemas/\(endpoint.name)"]]
        return [
            "operationId": endpoint.name, "summary": endpoint.summary, "parameters": parameters,
            "responses": [
                "200": [
                    "description": "A page of rows.",
                    "headers": [
                        "ETag": ["description": "Changes when the rows do.", "schema": ["type": "string"]],
                        "Link": ["description": "The next page, rel=\"next\".", "schema": ["type": "string"]],
                    ],
                    "content": [
                        "application/json": [
                            "schema": [
                                "type": "object", "required": ["data", "next_cursor"],
                                "properties": ["data": rows, "next_cursor": ["type": ["string", "null"]]],
                            ] as [String: Any]
                        ],
                        "text/csv": ["schema": ["type": "string"]],
                    ],
                ] as [String: Any],
                "304": ["description": "Nothing has changed since the ETag of If-None-Match."],
                "400": Self.failure("The request has a mistake."),
                "406": Self.failure("Accept takes neither JSON nor CSV."),
                "503": Self.failure("Too little memory or time at the moment."),
            ],
        ]
    }

    /// How times are read, for columns of them.
    private static func timeNote(_ type: DataType) -> String {
        guard case .timestamp(_, let zone) = type else { return "" }
        return " A time with an offset (2013-12-24T12:00:00%2B02:00) is converted to UTC"
            + (zone == nil
                ? ", which this column is compared as; one without is taken as it is." : "; one without is UTC.")
    }

    private func rowSchema(_ endpoint: RestEndpoint) -> [String: Any] {
        var properties: [String: Any] = [:]
        for field in endpoint.schema.fields {
            var schema = Self.schema(field.type)
            if field.nullable, let type = schema["type"] as? String { schema["type"] = [type, "null"] }
            if let text = endpoint.columnDescriptions[field.name] { schema["description"] = text }
            properties[field.name] = schema
        }
        return ["type": "object", "properties": properties]
    }

    private static func failure(_ description: String) -> [String: Any] {
        [
            "description": description,
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
    }

    private static var problem: [String: Any] {
        [
            "type": "object", "required": ["type", "title", "status"],
            "properties": [
                "type": ["type": "string", "format": "uri"], "title": ["type": "string"], "status": ["type": "integer"],
                "detail": ["type": "string"], "code": ["type": "string"], "parameter": ["type": "string"],
                "hint": ["type": "string"],
            ],
        ]
    }

    private static func schema(_ type: DataType) -> [String: Any] {
        switch type {
        case .bool: ["type": "boolean"]
        case let type where type.isInteger: ["type": "integer"]
        case let type where type.isNumeric: ["type": "number"]
        case .date32, .date64: ["type": "string", "format": "date"]
        case .timestamp(_, let zone): zone == nil ? ["type": "string"] : ["type": "string", "format": "date-time"]
        case .list(let item): ["type": "array", "items": schema(item.type)]
        case .structure(let fields):
            [
                "type": "object",
                "properties": Dictionary(fields.map { ($0.name, schema($0.type)) }) { first, _ in first },
            ]
        case .map(_, let value, _): ["type": "object", "additionalProperties": schema(value.type)]
        case .dictionary(_, let value, _): schema(value)
        default: ["type": "string"]
        }
    }
}
