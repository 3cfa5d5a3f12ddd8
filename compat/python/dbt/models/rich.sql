{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}, {'columns': ['total']}]) }}
select * from {{ ref('of_customers') }} where total > 1
