{% snapshot orders_over_time %}
{{ config(target_schema='history', unique_key='id', strategy='check', check_cols=['state', 'total']) }}
select * from {{ ref('orders') }}
{% endsnapshot %}
