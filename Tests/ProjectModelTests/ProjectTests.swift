import Base
import Columnar
import Foundation
import Testing

@testable import ProjectModel

struct ProjectTests {
    @Test func aProjectOfDbtLoads() throws {
        let (project, errors) = ProjectLoader.load(directory: "\(goldens)/jaffle")
        #expect(errors == [])
        #expect(project.settings.name == "jaffle_shop")
        #expect(
            project.models.map(\.name.name).sorted() == [
                "customers", "orders", "stg_customers", "stg_orders", "stg_payments",
            ])
        let customers = try #require(project.model(DatasetName("customers")))
        #expect(customers.config.materialized.value == .table)
        #expect(customers.config.tags == ["mart"])
        let staging = try #require(project.model(DatasetName("stg_orders")))
        #expect(staging.config.materialized.value == .view)
        #expect(staging.config.tags == ["nightly"])
        #expect(
            project.composed(customers).text == """
                with "stg_customers" as (

                select id as customer_id, first_name, last_name from "raw_customers"
                ),
                 customers as (select * from "stg_customers")
                select customers.*, count(*) as orders
                from customers
                left join "orders" as orders using (customer_id)
                group by all
                """)
        let orders = try #require(project.model(DatasetName("orders")))
        #expect(
            orders.sql.text.contains("then amount else 0 end) as coupon_amount,\n        sum(amount) as total_amount"))
        #expect(
            orders.sql.text.contains(
                "md5(coalesce(cast(orders.order_id as varchar), '') || '-' || coalesce(cast(orders.status as varchar), '')) as order_key"
            ))
        let payments = try #require(project.model(DatasetName("stg_payments")))
        #expect(payments.sql.text.contains("round(amount / 100, 2) as amount"))
        #expect(
            project.columnTests.map(\.name).sorted() == [
                "accepted_values_orders_status", "not_null_customers_customer_id", "not_null_orders_order_id",
                "orders_cost_something", "relationships_orders_customer_id__customer_id__customers",
                "unique_customers_customer_id", "unique_orders_order_id",
            ])
        let relation = try #require(project.columnTests.first { $0.name.hasPrefix("relationships") })
        #expect(relation.severity == .warn)
        #expect(relation.condition == "order_date > '2018-01-01'")
        guard
            case .custom(_, let query)? = project.columnTests.first(where: { $0.name == "orders_cost_something" })?.kind
        else {
            Issue.record("the project's own test is missing")
            return
        }
        #expect(
            query.text.trimmingCharacters(in: .whitespacesAndNewlines)
                == "select * from \"orders\" where total_amount <= 0")
        #expect(project.singularTests.map(\.severity) == [.warn])
        #expect(
            project.graph.order.map(\.description) == [
                "raw_customers", "raw_orders", "raw_payments", "stg_customers", "stg_orders", "stg_payments", "orders",
                "customers",
            ])
    }

    @Test func testsBecomeQueries() throws {
        let project = ProjectLoader.load(directory: "\(goldens)/jaffle").project
        let queries = Dictionary(uniqueKeysWithValues: project.columnTests.map { ($0.name, $0.query) })
        #expect(
            queries["not_null_orders_order_id"] == "select * from \"orders\" as subject where \"order_id\" is null")
        #expect(
            queries["relationships_orders_customer_id__customer_id__customers"] == """
                select subject."customer_id", count(*) as rows from (select * from "orders" where order_date > '2018-01-01') as subject
                where subject."customer_id" is not null
                    and not exists (select 1 from "customers" as target where target."customer_id" = subject."customer_id")
                group by subject."customer_id"
                """)
        #expect(
            queries["accepted_values_orders_status"]?.contains(
                "not in ('placed', 'shipped', 'completed', 'return_pending', 'returned')") == true)
        let chosen = project.tests(of: [DatasetName("customers")])
        #expect(chosen.columns.map(\.name) == ["unique_customers_customer_id", "not_null_customers_customer_id"])
        #expect(chosen.singular.map(\.name) == ["no_empty_names"])
    }

    @Test func missingDataIsFound() throws {
        let folder = try TemporaryFolder()
        for file in Scaffold.files(name: "shop") where file.path != "data/orders.csv" {
            try folder.write(file.text, to: file.path)
        }
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        #expect(errors == [])
        #expect(project.missingDataFiles().map { $0.location?.description } == ["sources/shop.yaml:10:17"])
        try folder.write("order_id\n", to: "data/orders.csv")
        #expect(project.missingDataFiles() == [])
    }

    @Test func theExampleLoads() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples/flights").path
        let (project, errors) = ProjectLoader.load(directory: root)
        #expect(errors == [])
        #expect(project.settings.memoryBytes == 512_000_000)
        let topic = try #require(project.source(DatasetName("departures", in: "events"))?.topic)
        #expect(topic.partitions == 4)
        #expect(topic.lateness == TimeSpan(micros: 6 * 3_600_000_000))
        #expect(topic.eventTimeAheadMax == TimeSpan(micros: 86_400_000_000))
        #expect(topic.replay?.brokenRecords.count == 10)
        #expect(topic.replay?.query?.text.contains("flights.csv', nullstr = 'NA'") == true)
        let stream = try #require(project.model(DatasetName("delays_hourly")))
        #expect(stream.sql.text.contains("from tumble(\"events\".\"departures\", scheduled_at, interval '1 hour')"))
        let route = try #require(project.model(DatasetName("route_punctuality")))
        #expect(!route.sql.text.contains("max(month)"))
        #expect(route.incrementalSQL?.text.contains("from \"route_punctuality\"") == true)
        #expect(route.config.uniqueKey.map(\.value) == ["origin", "dest", "month"])
        #expect(project.endpoints.map(\.pageSizeMax) == [10_000, 10_000, 1000, 1000])
        #expect(project.graph.nodes[DatasetName("departures.dead_letter", in: "topic")]?.kind == .deadLetterTopic)
    }

    /// A model's own word goes over its folder's; `off` is a truth value where YAML reads it.
    @Test(
        arguments: [
            ("", "", Compaction.auto, 7 * 86_400), ("+compact: off", "", .off, 7 * 86_400),
            ("+compact: 'off'", "compact='auto', retention='1 minute'", .auto, 60),
            ("+retention: 30 days", "compact='off'", .off, 30 * 86_400),
        ])
    func maintenanceIsConfigured(folder: String, model: String, compaction: Compaction, seconds: Int64) throws {
        let project = try TemporaryFolder()
        try project.write("name: x\nmodels:\n  x:\n    +tags: a\n    \(folder)\n", to: "gariep.yaml")
        try project.write("{{ config(\(model)) }} select 1 as one", to: "models/m.sql")
        let (loaded, errors) = ProjectLoader.load(directory: project.path)
        #expect(errors == [])
        let config = try #require(loaded.model(DatasetName("m"))?.config)
        #expect(config.compaction == compaction && config.retention == TimeSpan(micros: seconds * 1_000_000))
    }

    @Test func aSourceSaysWhatToDoAboutLostRecords() throws {
        let folder = try TemporaryFolder()
        for file in Scaffold.files(name: "shop") { try folder.write(file.text, to: file.path) }
        let source = """
            version: 2
            sources:
              - name: events
                tables:
                  - { name: plain, config: { connector: topic, format: json } }
                  - { name: lossy, config: { connector: topic, format: json, on_data_loss: earliest } }
                  - { name: wrong, config: { connector: topic, format: json, on_data_loss: never } }

            """
        try folder.write(source, to: "sources/events.yaml")
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        #expect(project.source(DatasetName("plain", in: "events"))?.topic?.onDataLoss == .fail)
        #expect(project.source(DatasetName("lossy", in: "events"))?.topic?.onDataLoss == .earliest)
        #expect(errors.count == 1 && errors.first?.found?.contains("never") == true, "\(errors)")
    }

    @Test func aNewProjectIsSound() throws {
        let folder = try TemporaryFolder()
        for file in Scaffold.files(name: "my shop") { try folder.write(file.text, to: file.path) }
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        #expect(project.settings.name == "my_shop")
        let checker = ScriptedChecker(outputs: [
            "customer_totals": [Field("customer", .utf8), Field("total", .float64)]
        ])
        let plan = ProjectChecker(sql: checker).check(project, loadErrors: errors)
        #expect(plan.errors == [])
        #expect(
            plan.datasets.map { "\($0.name) \($0.engine)" } == [
                "shop.orders files", "stg_orders warehouse", "customer_totals warehouse", "api.customers http",
            ])
        #expect(plan[DatasetName("customer_totals")]?.freshness == TimeSpan(micros: 10_000_000))
        #expect(
            plan[DatasetName("orders", in: "shop")]?.schema?.field(named: "amount")?.type
                == .decimal128(precision: 10, scale: 2))
    }

    @Test func variablesAndEnvironmentReachTemplates() throws {
        let folder = try TemporaryFolder()
        try folder.write("name: x\nvars: { a: 1, b: [x, y] }\n", to: "gariep.yaml")
        try folder.write(
            "select {{ var('a') }}, '{{ var('b')[1] }}', {{ env_var('N') }}, {{ env_var('Z', 7) }}, {{ var('c', 3) }}, '{{ this }}', '{{ target.name }}'",
            to: "models/m.sql")
        let (project, errors) = ProjectLoader.load(
            directory: folder.path, environment: ["N": "5"], overrides: ["a": .int(9)], profile: "cloud")
        #expect(errors == [])
        #expect(project.models.first?.sql.text == "select 9, 'y', 5, 7, 3, '\"m\"', 'cloud'")
    }

    @Test(arguments: [
        ("6 hours", 21_600_000_000), ("10s", 10_000_000), ("500ms", 500_000), ("1 day 12 hours", 129_600_000_000),
        ("1.5 min", 90_000_000), ("2 WEEKS", 1_209_600_000_000), ("0s", 0),
    ])
    func timeSpansAreRead(text: String, micros: Int64) { #expect(TimeSpan(text)?.micros == micros) }

    @Test(arguments: ["", "6", "hours", "6 parsecs", "-1s", "1..2s", "9999999999999 weeks", "s6"])
    func wrongTimeSpansAreRefused(text: String) { #expect(TimeSpan(text) == nil) }

    @Test(arguments: [("512MB", 512_000_000), ("2 GiB", 2_147_483_648), ("100", 100), ("1.5k", 1500)])
    func sizesAreRead(text: String, bytes: Int) { #expect(ByteSize.parse(text) == bytes) }

    @Test func typesAreRead() {
        #expect(SQLTypeName.parse("DECIMAL(10, 2)") == .decimal128(precision: 10, scale: 2))
        #expect(SQLTypeName.parse("varchar(20)") == .utf8)
        #expect(SQLTypeName.parse("integer[]") == .list(Field("item", .int32)))
        #expect(SQLTypeName.parse("timestamp with time zone") == .timestamp(.microsecond, zone: "UTC"))
        for wrong in ["", "decimal(50)", "decimal(2, 3)", "nonsense", "integer(", "()", "[]"] {
            #expect(SQLTypeName.parse(wrong) == nil)
        }
    }
}
