/// Actions as JSON, one a line.
enum ActionCoding {
    /// A commit's bytes.
    static func encode(_ actions: [Action]) -> [UInt8] {
        var bytes: [UInt8] = []
        for action in actions {
            guard let json = json(action) else { continue }
            JSONWriter.append(json, to: &bytes)
            bytes.append(0x0a)
        }
        return bytes
    }

    /// - Parameter file: what errors call the commit.
    static func decode(_ bytes: [UInt8], file: String) throws(LakeError) -> [Action] {
        var parser = JSONParser(bytes)
        var actions: [Action] = []
        while true {
            let value: JSONValue?
            do throws(JSONParser.Failure) { value = try parser.next() } catch {
                throw .corruptLog(file: file, reason: "no JSON at byte \(error.position): \(error.reason)")
            }
            guard let value else { return actions }
            guard let members = value.object else {
                throw .corruptLog(file: file, reason: "an action is not an object")
            }
            for member in members where member.value != .null {
                actions.append(try action(member.name, member.value, file: file))
            }
        }
    }

    private static func json(_ action: Action) -> JSONValue? {
        switch action {
        case .protocol(let value):
            .members(
                (
                    "protocol",
                    .members(
                        ("minReaderVersion", .integer(Int64(value.minReaderVersion))),
                        ("minWriterVersion", .integer(Int64(value.minWriterVersion))),
                        ("readerFeatures", value.readerFeatures.map { .array($0.map { .string($0) }) }),
                        ("writerFeatures", value.writerFeatures.map { .array($0.map { .string($0) }) }))
                ))
        case .metadata(let value):
            .members(
                (
                    "metaData",
                    .members(
                        ("id", .string(value.id)), ("name", value.name.map { .string($0) }),
                        ("description", value.summary.map { .string($0) }),
                        ("format", .members(("provider", .string("parquet")), ("options", .object([])))),
                        ("schemaString", .string(value.schemaString)),
                        ("partitionColumns", .array(value.partitionColumns.map { .string($0) })),
                        ("createdTime", value.createdTime.map { .integer($0) }),
                        ("configuration", .strings(value.configuration)))
                ))
        case .add(let value): .members(("add", json(value)))
        case .remove(let value):
            .members(
                (
                    "remove",
                    .members(
                        ("path", .string(value.path)),
                        ("deletionTimestamp", value.deletionTimestamp.map { .integer($0) }),
                        ("dataChange", .bool(value.dataChange)),
                        ("extendedFileMetadata", .bool(value.partitionValues != nil && value.size != nil)),
                        ("partitionValues", value.partitionValues.map { .optionalStrings($0) }),
                        ("size", value.size.map { .integer($0) }))
                ))
        case .transaction(let value):
            .members(
                (
                    "txn",
                    .members(
                        ("appId", .string(value.application)), ("version", .integer(value.version)),
                        ("lastUpdated", value.lastUpdated.map { .integer($0) }))
                ))
        case .commitInfo(let value): .members(("commitInfo", value))
        case .other: nil
        }
    }

    static func json(_ value: AddFile) -> JSONValue {
        .members(
            ("path", .string(value.path)), ("partitionValues", .optionalStrings(value.partitionValues)),
            ("size", .integer(value.size)), ("modificationTime", .integer(value.modificationTime)),
            ("dataChange", .bool(value.dataChange)), ("stats", value.stats.map { .string($0) }),
            ("tags", value.tags.map { .optionalStrings($0) }))
    }

    private static func action(_ name: String, _ value: JSONValue, file: String) throws(LakeError) -> Action {
        switch name {
        case "protocol":
            guard let reader = value["minReaderVersion"]?.integer, let writer = value["minWriterVersion"]?.integer
            else {
                throw .corruptLog(file: file, reason: "a protocol without versions")
            }
            return .protocol(
                TableProtocol(
                    minReaderVersion: Int(reader), minWriterVersion: Int(writer),
                    readerFeatures: value["readerFeatures"]?.stringList,
                    writerFeatures: value["writerFeatures"]?.stringList))
        case "metaData":
            guard let id = value["id"]?.string, let schema = value["schemaString"]?.string else {
                throw .corruptLog(file: file, reason: "a metaData without id or schemaString")
            }
            return .metadata(
                try TableMetadata(
                    id: id, name: value["name"]?.string, summary: value["description"]?.string,
                    provider: value["format"]?["provider"]?.string ?? "parquet", schemaString: schema,
                    partitionColumns: value["partitionColumns"]?.stringList ?? [],
                    createdTime: value["createdTime"]?.integer,
                    configuration: value["configuration"]?.stringMap ?? [:], file: file))
        case "add": return .add(try addFile(value, file: file))
        case "remove":
            guard let path = value["path"]?.string else {
                throw .corruptLog(file: file, reason: "a remove without a path")
            }
            return .remove(
                RemoveFile(
                    path: path, deletionTimestamp: value["deletionTimestamp"]?.integer,
                    dataChange: value["dataChange"]?.bool ?? true,
                    partitionValues: value["partitionValues"]?.optionalStringMap, size: value["size"]?.integer))
        case "txn":
            guard let application = value["appId"]?.string, let version = value["version"]?.integer else {
                throw .corruptLog(file: file, reason: "a txn without appId or version")
            }
            return .transaction(
                SetTransaction(
                    application: application, version: version, lastUpdated: value["lastUpdated"]?.integer))
        case "commitInfo": return .commitInfo(value)
        default: return .other(name)
        }
    }

    static func addFile(_ value: JSONValue, file: String) throws(LakeError) -> AddFile {
        guard let path = value["path"]?.string, let size = value["size"]?.integer else {
            throw .corruptLog(file: file, reason: "an add without path or size")
        }
        return AddFile(
            path: path, partitionValues: value["partitionValues"]?.optionalStringMap ?? [:], size: size,
            modificationTime: value["modificationTime"]?.integer ?? 0, dataChange: value["dataChange"]?.bool ?? true,
            stats: value["stats"]?.string, tags: value["tags"]?.optionalStringMap,
            hasDeletionVector: value["deletionVector"] != nil)
    }
}
