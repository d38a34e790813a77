select id, customer, at from {{ source('shop', 'orders') }}
