{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as varchar), '')") -%}
    {%- endfor -%}
    md5({{ parts | join(" || '-' || ") }})
{%- endmacro %}

{% macro cents_to_dollars(column, digits=2) %}{{ return(adapter.dispatch('cents_to_dollars')(column, digits)) }}{% endmacro %}

{% macro default__cents_to_dollars(column, digits) -%}
    round({{ column }} / 100, {{ digits }})
{%- endmacro %}

{% test positive(model, column_name, strictly=false) %}
select * from {{ model }} where {{ column_name }} {{ '<=' if strictly else '<' }} 0
{% endtest %}
