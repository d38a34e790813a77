select {{ vat('start') }} from {{ ref('a') }}
