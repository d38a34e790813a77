select BROKEN from {{ ref('good') }}
