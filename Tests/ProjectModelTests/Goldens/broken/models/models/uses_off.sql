select * from {{ ref('off') }} join {{ ref('orders_snapshot') }} using (id)
