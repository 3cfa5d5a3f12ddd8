"""Data of charts: the SQL that Superset makes for groups, measures, filters, grains of time and pages."""

import superset_site as site
from checks import add, check
from superset_databases import ID, SITE

#: The numbers that Superset gives to datasets, by their names.
NUMBERS = {}
VIRTUAL_SQL = (
    "SELECT p.*, c.name, c.mood::text AS mood FROM shop.purchase p JOIN shop.customer c ON c.id = p.customer"
    " {% if from_dttm %} WHERE p.at >= '{{ from_dttm }}' {% endif %}"
)


@check
def datasets():
    for table in ("purchase", "customer", "every_type", "rich", "visit", "Mixed Case", "joined"):
        body = {"database": ID, "schema": "shop", "table_name": table}
        answer = SITE.show("POST", "dataset/", {**body, "sql": VIRTUAL_SQL} if table == "joined" else body)
        NUMBERS[table] = answer.json.get("id")
    for table in ("nowhere", "purchase"):
        SITE.show("POST", "dataset/", {"database": ID, "schema": "shop", "table_name": table})


@check
def columns_of_datasets():
    for number in NUMBERS.values():
        answer = SITE.call("GET", f"dataset/{number}").json["result"]
        print(answer["table_name"], answer["kind"], answer["main_dttm_col"], answer["description"])
        for column in sorted(answer["columns"], key=lambda column: column["column_name"]):
            print([column[k] for k in ("column_name", "type", "type_generic", "is_dttm", "groupby", "filterable")])


def data(name, dataset="purchase", result_type="full", result_format="json", ordered=True, **query):
    """A check of what one query of a chart gives; its SQL is Superset's own and is printed too."""

    def show():
        query.setdefault("row_limit", 100)
        queries = [{"columns": [], "metrics": [], "filters": [], "orderby": [], **query}]
        body = {"datasource": {"id": NUMBERS[dataset], "type": "table"}, "force": True, "queries": queries}
        response = SITE.call("POST", "chart/data", {**body, "result_type": result_type, "result_format": result_format})
        print(response.status_code)
        if not response.is_json:
            print(response.get_data(as_text=True))
            return
        for answer in response.json.get("result", [response.json]):
            print(answer.pop("query", None))
            site.print_json(answer, ordered)

    add(f"chart: {name}", show)


def measure(aggregate, column, label=None):
    return {
        "expressionType": "SIMPLE",
        "aggregate": aggregate,
        "column": {"column_name": column},
        "label": label or f"{aggregate}({column})",
    }


def sql(expression, label):
    return {"expressionType": "SQL", "sqlExpression": expression, "label": label}


def by_time(column, grain, **more):
    axis = {
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
        "timeGrain": grain,
    }
    return {"columns": [axis], "orderby": [[column, True]], "extras": {"time_grain_sqla": grain}, **more}


GRAINS = ["PT1S", "PT5S", "PT30S", "PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "P1D", "P1W", "P1M", "P3M", "P1Y"]
AMOUNT = measure("SUM", "amount")
for grain in GRAINS:
    data(f"grain {grain}", metrics=[AMOUNT, "count"], **by_time("at", grain), row_limit=20)
for column in ("at_zone", "day"):
    for grain in ("PT1H", "P1D", "P1W", "P1M", "P1Y"):
        data(f"grain {grain} of {column}", metrics=["count"], **by_time(column, grain), row_limit=20)

for aggregate in ("SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT_DISTINCT"):
    measured = [measure(aggregate, column) for column in ("amount", "quantity", "weight", "seconds")]
    data(f"measure {aggregate}", columns=["customer"], metrics=measured, orderby=[["customer", True]])

FILTERS = {
    "equals": ("customer", "==", 1),
    "differs": ("customer", "!=", 1),
    "greater": ("amount", ">", 240),
    "at most": ("amount", "<=", 10),
    "in": ("customer", "IN", [1, 3]),
    "not in": ("customer", "NOT IN", [1, 3]),
    "null": ("weight", "IS NULL", None),
    "not null": ("weight", "IS NOT NULL", None),
    "time range": ("at", "TEMPORAL_RANGE", "2024-02-01 : 2024-03-01"),
    "time range with a zone": ("at_zone", "TEMPORAL_RANGE", "2024-02-01T00:00:00 : 2024-02-05T12:00:00"),
    "range of days": ("day", "TEMPORAL_RANGE", "2024-02-01 : 2024-02-05"),
    "number as text": ("amount", "==", "250"),
}
for name, (column, operator, value) in FILTERS.items():
    data(f"filter {name}", metrics=["count", AMOUNT], filters=[{"col": column, "op": operator, "val": value}])
OF_CUSTOMERS = {
    "like": ("name", "LIKE", "%a%"),
    "ilike": ("name", "ILIKE", "%A%"),
    "not like": ("name", "NOT LIKE", "A%"),
    "true": ("active", "IS TRUE", None),
    "false": ("active", "IS FALSE", None),
    "of an enum": ("mood", "IN", ["ok", "happy"]),
    "enum, null among values": ("mood", "IN", ["ok", "<NULL>"]),
    "empty text": ("email", "IN", ["<empty string>", "e@x.org"]),
    "quotes": ("name", "==", 'O\'Neil; "x" %s'),
    "date": ("born", "TEMPORAL_RANGE", "1900-01-01 : 1931-01-01"),
}
for name, (column, operator, value) in OF_CUSTOMERS.items():
    filters = [{"col": column, "op": operator, "val": value}]
    data(
        f"filter of customers: {name}",
        "customer",
        columns=["name", "mood", "born"],
        filters=filters,
        orderby=[["name", True]],
    )

data("raw rows", "customer", columns=["id", "name", "born", "balance", "mood"], orderby=[["id", True]])
data(
    "raw rows of every type",
    "every_type",
    columns=["a", "c", "f", "h", "m", "n", "o", "p", "q", "r", "s", "u", "w", "x", "aa", "ac", "ae", "aj"],
)
data(
    "raw rows of a virtual dataset",
    "joined",
    columns=["id", "name", "mood", "tags", "data"],
    orderby=[["id", True]],
    row_limit=5,
)
data("pages", columns=["id", "amount"], orderby=[["id", True]], row_limit=5, row_offset=10)
data("descending", columns=["customer"], metrics=[AMOUNT], orderby=[[AMOUNT, False]])
data("number of rows", columns=["customer", "quantity"], metrics=["count"], is_rowcount=True)
data(
    "SQL as a measure",
    columns=["customer"],
    metrics=[sql("SUM(amount) / COUNT(*)", "mean"), sql("MAX(at) - MIN(at)", "span")],
    orderby=[["customer", True]],
)
data(
    "SQL as a filter",
    metrics=["count"],
    extras={"where": "amount > 10 AND data->>'even' = 'true'", "having": "COUNT(*) > 1"},
)
data(
    "SQL as a column",
    columns=[sql("CASE WHEN amount > 100 THEN 'much' ELSE 'little' END", "size")],
    metrics=["count"],
    orderby=[["count", False]],
)
data(
    "percentiles",
    columns=["customer"],
    metrics=[sql("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount)", "median")],
    orderby=[["customer", True]],
)
data(
    "JSON and arrays",
    columns=[sql("data->>'even'", "even"), sql("tags[1]", "tag")],
    metrics=["count"],
    orderby=[["even", True], ["tag", True]],
)
data(
    "having",
    columns=["customer"],
    metrics=[AMOUNT],
    extras={"having": "SUM(amount) > 6300"},
    orderby=[["customer", True]],
)
data("measures of measures", columns=["customer"], metrics=["count"], orderby=[["count", True], ["customer", True]])
data(
    "series by time, the largest",
    metrics=[AMOUNT],
    **by_time(
        "at",
        "P1M",
        columns=[by_time("at", "P1M")["columns"][0], "customer"],
        series_columns=["customer"],
        series_limit=2,
        series_limit_metric=AMOUNT,
        order_desc=True,
        orderby=[["at", True], ["customer", True]],
    ),
)
data(
    "series, others in a group",
    "joined",
    ordered=False,
    metrics=[AMOUNT],
    columns=["name"],
    series_columns=["name"],
    series_limit=2,
    series_limit_metric=AMOUNT,
    group_others_when_limit_reached=True,
    orderby=[[AMOUNT, False]],
)
data(
    "granularity and range",
    columns=["customer"],
    metrics=["count"],
    granularity="at",
    time_range="2024-01-01 : 2024-02-01",
    is_timeseries=True,
    extras={"time_grain_sqla": "P1W"},
    orderby=[["customer", True]],
)
data(
    "offset of time",
    metrics=[AMOUNT],
    **by_time("at", "P1M"),
    filters=[{"col": "at", "op": "TEMPORAL_RANGE", "val": "2024-02-01 : 2024-05-01"}],
    time_offsets=["1 month ago"],
)
data(
    "template of a virtual dataset",
    "joined",
    columns=["name"],
    metrics=["count"],
    filters=[{"col": "at", "op": "TEMPORAL_RANGE", "val": "2024-04-01 : 2024-05-01"}],
    orderby=[["name", True]],
)
data("a view", "rich", columns=["name"], metrics=[measure("MAX", "spent")], orderby=[["name", True]])
data("a partitioned table", "visit", metrics=["count"], **by_time("at", "P1D"))
data("names with capitals and spaces", "Mixed Case", columns=["Some Column", "select"], orderby=[["Some Column", True]])
data("samples", "customer", result_type="samples", columns=["id", "name"])
data(
    "rows behind a number",
    "customer",
    result_type="drill_detail",
    columns=["id", "name"],
    filters=[{"col": "active", "op": "IS TRUE"}],
)
data("as CSV", "customer", result_format="csv", columns=["id", "name", "born", "balance"], orderby=[["id", True]])
data("the query alone", result_type="query", columns=["customer"], metrics=[AMOUNT])
data("columns of a result", "joined", result_type="columns", columns=["name"])
data("error of a column", columns=["nothing"], metrics=["count"])
data("error of SQL", columns=["customer"], metrics=[sql("SUM(nothing)", "x")])
data("error of division", metrics=[sql("SUM(amount) / 0", "x")])
for operation, options in {
    "pivot": {"index": ["at"], "columns": ["name"], "aggregates": {"SUM(amount)": {"operator": "mean"}}},
    "cum": {"operator": "sum", "columns": {"SUM(amount)": "SUM(amount)"}},
    "rolling": {"rolling_type": "mean", "window": 2, "min_periods": 0, "columns": {"SUM(amount)": "SUM(amount)"}},
}.items():
    data(
        f"post-processing: {operation}",
        "joined",
        metrics=[AMOUNT],
        **by_time(
            "at", "P1M", columns=[by_time("at", "P1M")["columns"][0], "name"], orderby=[["at", True], ["name", True]]
        ),
        post_processing=[{"operation": operation, "options": options}],
    )


@check
def samples_of_datasets():
    for table in ("customer", "every_type", "visit"):
        parameters = {
            "force": "true",
            "datasource_type": "table",
            "datasource_id": NUMBERS[table],
            "per_page": 3,
            "page": 1,
        }
        response = SITE.client.post("/datasource/samples", headers=SITE.headers, query_string=parameters, json={})
        print(response.status_code)
        site.print_json(response.json)


@check
def values_for_filters():
    for table, column in [
        ("customer", "mood"),
        ("customer", "name"),
        ("purchase", "quantity"),
        ("joined", "name"),
        ("customer", "nothing"),
    ]:
        response = SITE.call("GET", f"datasource/table/{NUMBERS[table]}/column/{column}/values/")
        print(response.status_code, sorted(map(str, response.json.get("result", [response.json]))))


@check
def validated_expressions():
    for expression, kind in [
        ("amount * 2", "column"),
        ("SUM(amount)", "metric"),
        ("amount >", "where"),
        ("nothing", "column"),
    ]:
        body = {"expression": expression, "expression_type": kind}
        SITE.show("POST", f"datasource/table/{NUMBERS['purchase']}/validate_expression/", body)
