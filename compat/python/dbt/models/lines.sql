{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }}
select id, customer_id, total, state, placed_at from {{ ref('orders') }}
{% if is_incremental() %} where placed_at >= (select max(placed_at) from {{ this }}) {% endif %}
