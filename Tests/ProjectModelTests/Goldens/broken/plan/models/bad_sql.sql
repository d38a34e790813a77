{% set nothing = 1 %}
select id,
  {{ 'BROKEN' }} as é, BROKEN
from {{ ref('good') }}
