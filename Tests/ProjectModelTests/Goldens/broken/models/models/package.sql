select * from {{ ref('other', 'a') }}
