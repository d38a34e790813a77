{% snapshot orders_snapshot %}
{{ config(unique_key='id') }}
select * from {{ ref('a') }}
{% endsnapshot %}
