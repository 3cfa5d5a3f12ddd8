{% macro change() %}
  {% do run_query("update " ~ ref('orders') ~ " set state = 'paid', total = total + 1 where id = 3") %}
  {% do run_query("insert into " ~ ref('orders') ~ " values (4, 2, '2024-04-01', 9, 'new')") %}
{% endmacro %}
