/// The files of a new project: small, and it works as it is.
public enum Scaffold {
    public struct File: Sendable, Hashable {
        /// Relative to the new folder.
        public let path: String
        public let text: String
    }

    /// - Parameter name: the project's name; other characters than letters, digits and `_` become `_`.
    public static func files(name: String) -> [File] {
        let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return [
            File(path: "gariep.yaml", text: settings(plain.isEmpty ? "project" : plain)),
            File(path: "data/orders.csv", text: orders), File(path: "sources/shop.yaml", text: source),
            File(path: "models/staging/stg_orders.sql", text: staging),
            File(path: "models/customer_totals.sql", text: totals), File(path: "models/models.yml", text: properties),
            File(path: "tests/no_negative_totals.sql", text: test), File(path: "apis/shop.yaml", text: api),
            File(path: ".gitignore", text: ".gariep/\n"),
        ]
    }

    private static func settings(_ name: String) -> String {
        """
        # What this project is called, and what it may use.
        name: \(name)
        version: '1.0'
        memory: 512MB

        vars:
          large_order: 100

        """
    }

    private static let orders = """
        order_id,customer,ordered_at,amount,status
        1,Thandi,2024-05-01 08:15:00,120.50,shipped
        2,Pieter,2024-05-01 09:40:00,35.00,shipped
        3,Thandi,2024-05-02 11:05:00,80.25,returned
        4,Aisha,2024-05-03 16:30:00,NA,placed
        5,Pieter,2024-05-04 07:55:00,210.00,placed

        """

    private static let source = """
        version: 2

        sources:
          - name: shop
            description: The shop's orders, as a CSV file.
            tables:
              - name: orders
                config:
                  connector: csv
                  path: data/orders.csv
                  'null': ['NA']
                columns:
                  - { name: order_id, data_type: bigint }
                  - { name: customer, data_type: varchar }
                  - { name: ordered_at, data_type: timestamp }
                  - { name: amount, data_type: 'decimal(10, 2)' }
                  - { name: status, data_type: varchar }

        """

    private static let staging = """
        {{ config(materialized='view') }}

        select
            order_id,
            customer,
            ordered_at,
            coalesce(amount, 0) as amount,
            status,
            coalesce(amount >= {{ var('large_order') }}, false) as is_large
        from {{ source('shop', 'orders') }}

        """

    private static let totals = """
        {{ config(materialized='table', freshness='10 seconds') }}

        select
            customer,
            count(*) as orders,
            {%- for status in ['placed', 'shipped', 'returned'] %}
            count(*) filter (where status = '{{ status }}') as {{ status }},
            {%- endfor %}
            sum(amount) as total
        from {{ ref('stg_orders') }}
        group by customer

        """

    private static let properties = """
        version: 2

        models:
          - name: stg_orders
            description: Orders with their amounts filled in.
            columns:
              - name: order_id
                data_tests: [unique, not_null]
              - name: status
                data_tests:
                  - accepted_values: { values: ['placed', 'shipped', 'returned'] }
          - name: customer_totals
            description: One row a customer.
            columns:
              - name: customer
                data_tests: [unique, not_null]

        """

    private static let test = """
        -- Finds customers whose orders add up to less than nothing; there must be none.
        select customer, total from {{ ref('customer_totals') }} where total < 0

        """

    private static let api = """
        endpoints:
          - name: customers
            path: /v1/customers
            from: customer_totals
            description: What each customer has ordered.
            key: [customer]
            filters: [customer, total]
            default_order: [-total]
            page_size: 50

        """
}
