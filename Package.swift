// swift-tools-version: 6.2
// The rooms of Gariep, lowest first, and what each may use. ARCHITECTURE.md tells what each is for.
import PackageDescription

/// A room: one target of `Sources/`, with the rooms before it, native shims and packages that it uses.
struct Room {
    let name: String
    var path: String? = nil
    var uses: [String] = []
    var shims: [String] = []
    var packages: [String] = []
    /// Whether its tests compare with files in `Goldens/`.
    var goldens = false
}

let rooms: [Room] = [
    Room(name: "Base", shims: ["CHost"]),
    Room(name: "Columnar", uses: ["Base"], shims: ["CArrowABI"]),
    Room(name: "Storage", uses: ["Base"]),
    Room(name: "Formats", uses: ["Base", "Columnar"], shims: ["CArrow", "CArrowABI"]),
    Room(name: "DuckDB", uses: ["Base", "Columnar"], shims: ["CDuckDB", "CArrowABI"]),
    Room(name: "SQL", uses: ["Base", "Columnar", "DuckDB"], goldens: true),
    Room(name: "EventLog", uses: ["Base"], shims: ["CCompression"]),
    Room(name: "SchemaRegistry", uses: ["Base", "Columnar", "Formats"]),
    Room(name: "Lake", uses: ["Base", "Columnar", "Storage", "Formats"]),
    Room(name: "Streaming", uses: ["Base", "Columnar", "SQL"], shims: ["CRocksDB"]),
    Room(name: "ProjectModel", uses: ["Base", "Columnar"], packages: ["Yams"], goldens: true),
    Room(name: "Warehouse", uses: ["Base", "Columnar", "DuckDB", "SQL"]),
    Room(
        name: "Connectors",
        uses: [
            "Base", "Columnar", "Storage", "Formats", "DuckDB", "SQL", "EventLog", "SchemaRegistry", "Lake",
            "Streaming", "Warehouse",
        ],
        shims: ["CKafka"]),
    Room(name: "Orchestrator", uses: ["Base", "ProjectModel"]),
    Room(
        name: "KafkaServer", path: "Servers/KafkaServer", uses: ["Base", "EventLog"],
        packages: ["NIOCore", "NIOPosix"]),
    Room(
        name: "HTTPServer", path: "Servers/HTTPServer",
        uses: ["Base", "Columnar", "Formats"],
        packages: ["Hummingbird", "HTTPTypes", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix", "ServiceLifecycle"]),
    Room(
        name: "Platform",
        uses: [
            "Base", "Columnar", "Storage", "Formats", "DuckDB", "SQL", "EventLog", "SchemaRegistry", "Lake",
            "Streaming",
            "ProjectModel", "Warehouse", "Connectors", "Orchestrator", "KafkaServer", "HTTPServer",
        ]),
]

/// What a package's products are called, and where each comes from.
let packageOf: [String: (package: String, url: String, from: Version)] = [
    "Yams": ("Yams", "https://github.com/jpsim/Yams", "6.2.2"),
    "NIOCore": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOHTTP1": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "NIOPosix": ("swift-nio", "https://github.com/apple/swift-nio", "2.101.2"),
    "Hummingbird": ("hummingbird", "https://github.com/hummingbird-project/hummingbird", "2.28.1"),
    "HTTPTypes": ("swift-http-types", "https://github.com/apple/swift-http-types", "1.8.0"),
    "Logging": ("swift-log", "https://github.com/apple/swift-log", "1.16.2"),
    "ServiceLifecycle": (
        "swift-service-lifecycle", "https://github.com/swift-server/swift-service-lifecycle", "2.13.0"
    ),
    "ArgumentParser": ("swift-argument-parser", "https://github.com/apple/swift-argument-parser", "1.8.2"),
]

// The native libraries that scripts/bootstrap brings. The program finds them by rpath, without LD_LIBRARY_PATH.
let root = Context.packageDirectory
let deps = "\(root)/.deps"
let depsInclude: [CXXSetting] = [.unsafeFlags(["-I\(deps)/include"])]
let depsLink: [LinkerSetting] = [
    .unsafeFlags([
        "-L\(deps)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(deps)/lib", "-Xlinker", "--allow-shlib-undefined",
    ])
]

let shims: [String: Target] = [
    "CHost": .target(name: "CHost"),
    "CArrowABI": .target(name: "CArrowABI"),
    "CArrow": .target(
        name: "CArrow", dependencies: ["CArrowABI"], cxxSettings: depsInclude,
        linkerSettings: depsLink + [.linkedLibrary("arrow"), .linkedLibrary("parquet")]),
    "CDuckDB": .target(
        name: "CDuckDB", cSettings: [.unsafeFlags(["-I\(deps)/include"])],
        linkerSettings: depsLink + [.linkedLibrary("duckdb")]),
    "CCompression": .target(
        name: "CCompression",
        linkerSettings: [.linkedLibrary("z"), .linkedLibrary("zstd"), .linkedLibrary("lz4"), .linkedLibrary("snappy")]),
    "CRocksDB": .systemLibrary(
        name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"]), .brew(["rocksdb"])]),
    "CKafka": .systemLibrary(
        name: "CKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
]

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Checks of exclusive access at run time cost decoders half of their time; debug builds, and so all tests, keep them.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

// A room may use only the rooms before it.
var earlier: Set<String> = []
for room in rooms {
    for use in room.uses {
        precondition(earlier.contains(use), "\(room.name) uses \(use), which does not come before it")
    }
    earlier.insert(room.name)
}

// `GARIEP_ROOMS=Streaming,SQL swift test` builds those rooms with what they use, and only their tests.
let asked = Context.environment["GARIEP_ROOMS"].map { Set($0.split(separator: ",").map(String.init)) }
var wanted = asked ?? Set(rooms.map(\.name))
for room in rooms.reversed() where wanted.contains(room.name) { wanted.formUnion(room.uses) }
let built = rooms.filter { wanted.contains($0.name) }
let wholeProgram = asked == nil

func products(_ names: [String]) -> [Target.Dependency] {
    names.map { .product(name: $0, package: packageOf[$0]!.package) }
}
func dependencies(of names: [String]) -> [Target.Dependency] { names.map { .byName(name: $0) } }

var targets: [Target] = []
for room in built {
    targets.append(
        .target(
            name: room.name, dependencies: dependencies(of: room.uses + room.shims) + products(room.packages),
            path: "Sources/\(room.path ?? room.name)", swiftSettings: swiftSettings))
}
targets += Set(built.flatMap(\.shims)).union(built.contains { $0.name == "Formats" } ? ["CArrowABI"] : []).sorted().map
{ shims[$0]! }
for room in built where (asked?.contains(room.name) ?? true) {
    targets.append(
        .testTarget(
            name: "\(room.name)Tests",
            dependencies: dependencies(of: [room.name] + room.uses + room.shims) + products(room.packages),
            resources: room.goldens ? [.copy("Goldens")] : [], swiftSettings: swiftSettings
        ))
}
// Checks of the repository itself; they need nothing of it but its files.
if asked?.contains("Tidy") ?? true { targets.append(.testTarget(name: "TidyTests", swiftSettings: swiftSettings)) }
if wholeProgram {
    targets.append(
        .executableTarget(
            name: "gariep", dependencies: dependencies(of: rooms.map(\.name)) + products(["ArgumentParser"]),
            swiftSettings: swiftSettings))
    targets.append(
        .testTarget(
            name: "EndToEnd", dependencies: ["Base", "gariep"], exclude: ["verify_flights.py"],
            swiftSettings: swiftSettings))
}

let usedProducts = Set(built.flatMap(\.packages)).union(wholeProgram ? ["ArgumentParser"] : [])
let usedPackages = Dictionary(usedProducts.map { (packageOf[$0]!.url, packageOf[$0]!.from) }) { first, _ in first }

let package = Package(
    name: "gariep",
    platforms: [.macOS(.v26)],
    products: wholeProgram ? [.executable(name: "gariep", targets: ["gariep"])] : [],
    dependencies: usedPackages.sorted { $0.key < $1.key }.map {
        .package(url: $0.key, from: $0.value, traits: $0.key.hasSuffix("hummingbird") ? [] : [.defaults])
    },
    targets: targets,
    cxxLanguageStandard: .cxx20)
