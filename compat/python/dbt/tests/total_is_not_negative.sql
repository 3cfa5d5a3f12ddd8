select * from {{ ref('of_customers') }} where total < 0
