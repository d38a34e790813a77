select *
from {{ ref('a') }}
join {{ source('shop', 'oders') }} using (id)
join {{ source('shpo', 'orders') }} using (id)
