{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert', on_schema_change='append_new_columns') }}
select id, total {% if var('wide', false) %}, state {% endif %} from {{ ref('orders') }}
