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
}
