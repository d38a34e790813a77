select id from {{ ref('bad_sql') }}
