import Base
import Testing

@testable import ProjectModel

struct SelectorTests {
    private let graph = ProjectLoader.load(directory: "\(goldens)/jaffle").project.graph

    @Test(arguments: [
        ("orders", "orders"), ("+orders", "raw_orders raw_payments stg_orders stg_payments orders"),
        ("1+orders", "stg_orders stg_payments orders"), ("stg_orders+", "stg_orders orders customers"),
        ("raw_orders+1", "raw_orders stg_orders"), ("1+orders+1", "stg_orders stg_payments orders customers"),
        (
            "@stg_customers",
            "raw_customers raw_orders raw_payments stg_customers stg_orders stg_payments orders customers"
        ),
        ("tag:nightly", "stg_customers stg_orders stg_payments"), ("tag:mart", "customers"), ("tag:none", ""),
        ("staging", "stg_customers stg_orders stg_payments"), ("jaffle_shop.staging.stg_orders", "stg_orders"),
        ("path:models/staging", "stg_customers stg_orders stg_payments"),
        ("models/staging/stg_orders.sql", "stg_orders"),
        ("config.materialized:view", "stg_orders stg_payments"), ("config.materialized:ephemeral", "stg_customers"),
        ("resource_type:seed", "raw_customers raw_orders raw_payments"),
        ("stg_*", "stg_customers stg_orders stg_payments"),
        ("*_order?", "raw_orders stg_orders"), ("orders customers", "orders customers"),
        ("+orders,tag:nightly", "stg_orders stg_payments"),
        ("stg_*,config.materialized:view raw_orders", "raw_orders stg_orders stg_payments"),
        ("file:stg_*.sql", "stg_customers stg_orders stg_payments"),
    ])
    func selectsAsDbtDoes(text: String, expected: String) throws {
        let found = try Selector(text).select(in: graph).map(\.name)
        #expect(found.sorted() == expected.split(separator: " ").map { String($0) }.sorted(), "\(text)")
        // Whatever was asked for comes in an order that can be run.
        #expect(found == graph.order.map(\.name).filter(found.contains))
    }

    @Test func excludesAfterSelecting() throws {
        let found = try Selector.select("+orders", exclude: "tag:nightly raw_orders", in: graph)
        #expect(found.map(\.name) == ["raw_payments", "orders"])
        #expect(try Selector.select(nil, exclude: "raw_* stg_*", in: graph).map(\.name) == ["orders", "customers"])
        #expect(try Selector.select(nil, in: graph) == graph.order)
    }

    @Test(arguments: ["", " ", "+", "tga:x", "a,,b", "ordrs", "or+ders", "tag:"])
    func wrongSelectorsAreRefused(text: String) {
        let error = #expect(throws: ProjectError.self) { try Selector(text).select(in: graph) }
        #expect(error?.report.code == "PRJ-023")
    }

    @Test func selectsSourceTables() throws {
        let graph = ProjectLoader.load(directory: "\(goldens)/broken/plan").project.graph
        #expect(try Selector("source:shop").select(in: graph).count == 3)
        #expect(try Selector("source:shop.orders").select(in: graph).map(\.description) == ["shop.orders"])
        #expect(try Selector("source:shop.orders+").select(in: graph).map(\.name).contains("good"))
    }

    @Test func tellsWhatMatchesNothing() throws {
        let found = try Selector.selection("orders tag:nope path:nowhere", exclude: "tag:nightly tag:nix", in: graph)
        #expect(found.names.map(\.name) == ["orders"])
        #expect(found.unmatched == ["tag:nope", "path:nowhere", "tag:nix"])
        #expect(try Selector.selection(nil, in: graph).unmatched.isEmpty)
    }
}

/// Tests are chosen by themselves, and with what they read.
struct TestSelectionTests {
    private let project: Project
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("name: shop\n", to: "gariep.yaml")
        try folder.write("select 1 as id, 'x' as kind", to: "models/a.sql")
        try folder.write("select id from {{ ref('a') }}", to: "models/marts/b.sql")
        try folder.write(
            """
            models:
              - name: a
                columns:
                  - name: id
                    data_tests: [unique, not_null]
                  - name: kind
                    data_tests:
                      - accepted_values: {values: [x], config: {tags: nightly}}
              - name: b
                columns:
                  - name: id
                    data_tests:
                      - relationships: {to: ref('a'), field: id}

            """, to: "models/schema.yml")
        try folder.write("select * from {{ ref('b') }} where id < 0", to: "tests/no_debts.sql")
        let (project, errors) = ProjectLoader.load(directory: folder.path)
        try #require(errors.isEmpty, "\(errors)")
        self.project = project
    }

    private static let all = "unique_a_id not_null_a_id accepted_values_a_kind relationships_b_id__id__a no_debts"

    @Test(arguments: [
        (String?.none, String?.none, all),
        ("a", nil, "unique_a_id not_null_a_id accepted_values_a_kind relationships_b_id__id__a"),
        ("b", nil, "relationships_b_id__id__a no_debts"), ("a b", nil, all), ("a,b", nil, "relationships_b_id__id__a"),
        ("no_debts", nil, "no_debts"), ("unique_a_id no_debts", nil, "unique_a_id no_debts"),
        ("test_type:singular", nil, "no_debts"),
        ("test_type:generic", "test_name:relationships", "unique_a_id not_null_a_id accepted_values_a_kind"),
        ("a,test_name:not_null", nil, "not_null_a_id"), ("tag:nightly", nil, "accepted_values_a_kind"),
        ("path:tests", nil, "no_debts"), ("resource_type:test", "a", "no_debts"),
        ("*_id", nil, "unique_a_id not_null_a_id"),
        ("+no_debts", nil, all), (nil, "b", "unique_a_id not_null_a_id accepted_values_a_kind"),
    ])
    func selectsAsDbtDoes(select: String?, exclude: String?, expected: String) throws {
        let found = try TestSelection(select, exclude: exclude, in: project)
        let names = found.columns.map(\.name) + found.singular.map(\.name)
        #expect(names == expected.split(separator: " ").map { String($0) }, "\(select ?? "") - \(exclude ?? "")")
        #expect(found.unmatched.isEmpty)
    }

    @Test func unknownNamesAreRefusedAndEmptyTagsTold() throws {
        let error = #expect(throws: ProjectError.self) { try TestSelection("no_depts", in: project) }
        #expect(error?.report.code == "PRJ-023" && error?.report.hint == "Did you mean `no_debts`?")
        let found = try TestSelection("tag:nope", in: project)
        #expect(found.columns.isEmpty && found.singular.isEmpty && found.unmatched == ["tag:nope"])
    }
}
