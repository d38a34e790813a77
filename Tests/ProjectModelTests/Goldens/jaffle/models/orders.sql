{% set payment_methods = var('payment_methods') %}

with orders as (select * from {{ ref('stg_orders') }}),

payments as (
    select
        order_id,
        {% for payment_method in payment_methods -%}
        sum(case when payment_method = '{{ payment_method }}' then amount else 0 end) as {{ payment_method }}_amount,
        {% endfor -%}
        sum(amount) as total_amount
    from {{ ref('jaffle_shop', 'stg_payments') }}
    group by order_id
)

select
    {{ jaffle_shop.surrogate_key(['orders.order_id', 'orders.status']) }} as order_key,
    orders.*
from orders
left join payments on orders.order_id = payments.order_id
