select {{ var('strat') }}, {% if x %} from {{ ref('a') }}
