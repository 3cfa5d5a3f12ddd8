"""What users make in Superset and where they look for it: its REST API over its own tables."""

import io
import json
import re
import zipfile

import superset_site as site
from checks import add, check
from superset_charts import NUMBERS
from superset_databases import ID, SITE

ADMIN = 1


def show_list(path, order, filters=(), columns=None):
    query = {"order_column": order, "order_direction": "asc", "page_size": 50, "filters": list(filters)}
    SITE.show("GET", path, query={**query, "columns": columns} if columns else query)


@check
def change_datasets():
    SITE.show(
        "PUT",
        f"dataset/{NUMBERS['purchase']}",
        {
            "description": "what is sold",
            "main_dttm_col": "at",
            "default_endpoint": None,
            "cache_timeout": 10,
            "extra": '{"certification": {"certified_by": "Ada"}}',
            "metrics": [
                {
                    "metric_name": "sum_amount",
                    "expression": "SUM(amount)",
                    "currency": {"symbol": "EUR", "symbolPosition": "suffix"},
                },
                {"metric_name": "n", "expression": "COUNT(*)", "d3format": ",d", "warning_text": "all"},
            ],
        },
    )
    SITE.show(
        "PUT",
        f"dataset/{NUMBERS['customer']}?override_columns=true",
        {
            "columns": [
                {"column_name": "name", "type": "VARCHAR(40)", "verbose_name": "Name"},
                {"column_name": "initial", "expression": "LEFT(name, 1)", "type": "TEXT", "groupby": True},
            ]
        },
    )
    SITE.show("PUT", f"dataset/{NUMBERS['customer']}/refresh")
    for dataset in ("purchase", "customer"):
        answer = SITE.call("GET", f"dataset/{NUMBERS[dataset]}").json["result"]
        for item in sorted([*answer["columns"], *answer["metrics"]], key=str):
            site.print_json({k: v for k, v in item.items() if k != "id"})
        site.print_json(answer["extra"])


@check
def lists_of_datasets():
    columns = ["id", "table_name", "schema", "kind", "database.database_name"]
    show_list("dataset/", "table_name", columns=columns)
    for column, operator, value in [
        ("table_name", "ct", "ER"),
        ("schema", "eq", "shop"),
        ("sql", "dataset_is_null_or_empty", False),
        ("database", "rel_o_m", ID),
        ("owners", "rel_m_m", ADMIN),
        ("id", "dataset_is_certified", True),
    ]:
        show_list("dataset/", "table_name", [{"col": column, "opr": operator, "value": value}], columns)
    for path in ("dataset/distinct/schema", "dataset/related/database", "dataset/related/owners", "dataset/_info"):
        SITE.show("GET", path, query={} if path.endswith("_info") else {"page_size": 10, "filter": "s"})


@check
def duplicate_and_delete_a_dataset():
    SITE.show("POST", "dataset/duplicate", {"base_model_id": NUMBERS["joined"], "table_name": "joined again"})
    for _ in range(2):
        answer = SITE.show(
            "POST", "dataset/get_or_create/", {"database_id": ID, "schema": "shop", "table_name": "monthly"}
        )
    number = answer.json["result"]["table_id"]
    SITE.show("DELETE", f"dataset/{number}")
    SITE.show("DELETE", "dataset/", query=[number - 1])
    SITE.show("GET", f"dataset/{number}")


def chart(name, table, kind, **parameters):
    dataset = NUMBERS[table]
    form = {"datasource": f"{dataset}__table", "viz_type": kind, **parameters}
    SITE.show(
        "POST",
        "chart/",
        {
            "slice_name": name,
            "viz_type": kind,
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": json.dumps(form),
            "query_context": json.dumps(
                {
                    "datasource": {"id": dataset, "type": "table"},
                    "force": False,
                    "queries": [
                        {
                            "columns": parameters.get("groupby", []),
                            "metrics": parameters.get("metrics", []),
                            "row_limit": 10,
                        }
                    ],
                    "result_format": "json",
                    "result_type": "full",
                }
            ),
            "owners": [ADMIN],
            "cache_timeout": 0,
        },
    )


@check
def create_charts():
    chart("Amounts", "purchase", "table", groupby=["customer"], metrics=["sum_amount"])
    chart("Customers ʒ", "customer", "pie", groupby=["mood"], metrics=["count"])
    chart("To delete", "customer", "big_number_total", metrics=["count"])
    SITE.show("PUT", "chart/1", {"description": "by customer", "certified_by": "Ada", "owners": [ADMIN]})
    SITE.show("GET", "chart/1")
    SITE.show("GET", "chart/2/data/", ordered=False)
    SITE.show("DELETE", "chart/3")
    SITE.show("DELETE", "chart/3")


@check
def create_dashboards():
    SITE.show("POST", "dashboard/", {"dashboard_title": "Sales", "slug": "sales", "owners": [ADMIN], "published": True})
    SITE.show("POST", "dashboard/", {"dashboard_title": "Other", "slug": "sales"})
    position = {
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": ["ROW-1"], "parents": ["ROOT_ID"]},
        "ROW-1": {"id": "ROW-1", "type": "ROW", "children": ["CHART-1", "CHART-2"], "meta": {}, "parents": ["ROOT_ID"]},
        **{
            f"CHART-{n}": {
                "id": f"CHART-{n}",
                "type": "CHART",
                "children": [],
                "meta": {"chartId": n, "height": 50, "width": 4},
            }
            for n in (1, 2)
        },
    }
    body = {"position_json": json.dumps(position), "css": ".x {}", "json_metadata": json.dumps({"positions": position})}
    SITE.show("PUT", "dashboard/1", body)
    for path in (
        "dashboard/1",
        "dashboard/sales",
        "dashboard/sales/charts",
        "dashboard/1/datasets",
        "dashboard/1/tabs",
    ):
        SITE.show("GET", path, ordered=False)
    SITE.show("PUT", "dashboard/1/colors", {"color_namespace": "x", "color_scheme": "supersetColors"})
    SITE.show(
        "POST",
        "dashboard/1/copy/",
        {"dashboard_title": "Copy", "duplicate_slices": False, "json_metadata": json.dumps({"positions": position})},
    )
    SITE.show("POST", "dashboard/1/embedded", {"allowed_domains": ["x.org"]})
    SITE.show("GET", "dashboard/1/embedded")


@check
def lists_of_charts_and_dashboards():
    charts = ["id", "slice_name", "viz_type", "datasource_name_text", "dashboards.dashboard_title", "owners.first_name"]
    show_list("chart/", "slice_name", columns=charts)
    for order in ("changed_by.first_name", "datasource_name", "last_saved_at", "viz_type"):
        answer = SITE.call("GET", "chart/", query={"order_column": order, "order_direction": "desc"})
        print(order, answer.status_code, sorted(answer.json["ids"]))
    for column, operator, value in [
        ("slice_name", "chart_all_text", "amount"),
        ("id", "chart_is_favorite", True),
        ("id", "chart_is_certified", True),
        ("dashboards", "rel_m_m", 1),
        ("viz_type", "eq", "pie"),
        ("datasource_id", "eq", NUMBERS["purchase"]),
        ("slice_name", "chart_owned_created_favored_by_me", True),
    ]:
        show_list("chart/", "slice_name", [{"col": column, "opr": operator, "value": value}], charts)
    dashboards = ["id", "dashboard_title", "slug", "published", "status", "owners.first_name", "charts"]
    for column, operator, value in [
        ("dashboard_title", "title_or_slug", "SALE"),
        ("published", "eq", True),
        ("id", "dashboard_is_favorite", False),
        ("owners", "rel_m_m", ADMIN),
        ("created_by", "rel_o_m", ADMIN),
    ]:
        show_list("dashboard/", "dashboard_title", [{"col": column, "opr": operator, "value": value}], dashboards)
    for path in ("chart/_info", "dashboard/_info"):
        SITE.show("GET", path, query={"keys": ["permissions"]})


@check
def favorites():
    for kind in ("chart", "dashboard"):
        for method in ("POST", "POST", "DELETE", "POST"):
            SITE.show(method, f"{kind}/1/favorites/")
        SITE.show("GET", f"{kind}/favorite_status/", query=[1, 2])
    show_list("chart/", "slice_name", [{"col": "id", "opr": "chart_is_favorite", "value": True}], ["id"])
    show_list("dashboard/", "dashboard_title", [{"col": "id", "opr": "dashboard_is_favorite", "value": True}], ["id"])


@check
def related_objects():
    SITE.show("GET", f"database/{ID}/related_objects/", ordered=False)
    SITE.show("GET", f"dataset/{NUMBERS['purchase']}/related_objects", ordered=False)


@check
def tags():
    SITE.show(
        "POST",
        "tag/",
        {"name": "fine", "description": "what is fine", "objects_to_tag": [["chart", 1], ["dashboard", 1]]},
        ordered=False,
    )
    SITE.show(
        "POST",
        "tag/bulk_create",
        {
            "tags": [
                {"name": "one", "objects_to_tag": [["chart", 1], ["chart", 2]]},
                {"name": "two", "objects_to_tag": [["chart", 2]]},
            ]
        },
        ordered=False,
    )
    SITE.show("POST", "tag/3/1/", {"properties": {"tags": ["fine", "new"]}})
    SITE.show("DELETE", "tag/3/1/new/")
    columns = ["name", "type", "description"]
    show_list("tag/", "name", columns=columns)
    show_list("tag/", "name", [{"col": "type", "opr": "custom_tag", "value": True}], columns)
    SITE.show("GET", "tag/get_objects/?tags=fine,one", ordered=False)
    show_list("chart/", "slice_name", [{"col": "tags", "opr": "chart_tags", "value": "fine"}], ["id", "tags.name"])
    show_list(
        "dashboard/",
        "dashboard_title",
        [{"col": "tags", "opr": "dashboard_tags", "value": "fine"}],
        ["id", "tags.name"],
    )
    SITE.show("DELETE", "tag/", query=["two"])


@check
def saved_queries():
    for label in ("first", "second", "third"):
        body = {
            "db_id": ID,
            "schema": "shop",
            "label": label,
            "description": f"the {label}",
            "sql": f"SELECT '{label}' FROM customer",
        }
        SITE.show("POST", "saved_query/", body)
    SITE.show("PUT", "saved_query/2", {"label": "second, changed"})
    SITE.show("GET", "saved_query/2")
    columns = ["id", "label", "schema", "sql", "sql_tables", "rows", "database.database_name"]
    show_list("saved_query/", "label", [{"col": "label", "opr": "all_text", "value": "FIRST"}], columns)
    show_list("saved_query/", "label", [{"col": "id", "opr": "saved_query_is_fav", "value": False}], columns)
    SITE.show("GET", "saved_query/distinct/schema")
    SITE.show("DELETE", "saved_query/", query=[3])
    SITE.show("DELETE", "saved_query/99")


@check
def annotations():
    SITE.show("POST", "annotation_layer/", {"name": "events", "descr": "what happened"})
    for n, text in enumerate(["begin", "end ʒ"]):
        body = {
            "short_descr": text,
            "long_descr": text * 2,
            "start_dttm": f"2024-0{n + 1}-01T00:00:00",
            "end_dttm": f"2024-0{n + 1}-02T00:00:00",
            "json_metadata": "{}",
        }
        SITE.show("POST", "annotation_layer/1/annotation/", body)
    SITE.show("PUT", "annotation_layer/1/annotation/1", {"short_descr": "beginning"})
    SITE.show("GET", "annotation_layer/1/annotation/1")
    show_list("annotation_layer/1/annotation/", "short_descr", columns=["id", "short_descr", "start_dttm", "end_dttm"])
    show_list(
        "annotation_layer/",
        "name",
        [{"col": "name", "opr": "annotation_layer_all_text", "value": "HAPP"}],
        ["id", "name"],
    )
    SITE.show("DELETE", "annotation_layer/1")
    SITE.show("DELETE", "annotation_layer/1/annotation/", query=[1, 2])
    SITE.show("DELETE", "annotation_layer/1")


@check
def templates_and_themes():
    SITE.show("POST", "css_template/", {"template_name": "plain", "css": "a { color: red }"})
    SITE.show("PUT", "css_template/1", {"css": "b {}"})
    show_list(
        "css_template/",
        "template_name",
        [{"col": "template_name", "opr": "css_template_all_text", "value": "PL"}],
        ["id", "css"],
    )
    SITE.show("DELETE", "css_template/", query=[1])
    SITE.show("POST", "theme/", {"theme_name": "dark", "json_data": '{"algorithm": "dark", "token": {}}'})
    show_list("theme/", "theme_name", columns=["id", "theme_name", "is_system"])


@check
def permalinks_and_form_data():
    print(SITE.call("POST", "dashboard/1/permalink", {"dataMask": {}, "activeTabs": []}).status_code)
    answer = SITE.call(
        "POST", "explore/permalink", {"formData": {"datasource": f"{NUMBERS['purchase']}__table", "viz_type": "table"}}
    )
    SITE.show("GET", f"explore/permalink/{answer.json['key']}")
    answer = SITE.call(
        "POST",
        "explore/form_data",
        {"datasource_id": NUMBERS["purchase"], "datasource_type": "table", "form_data": '{"a": 1}'},
    )
    key = answer.json["key"]
    SITE.show("GET", f"explore/form_data/{key}")
    SITE.show(
        "PUT",
        f"explore/form_data/{key}",
        {"datasource_id": NUMBERS["purchase"], "datasource_type": "table", "form_data": '{"a": 2}'},
    )
    SITE.show("GET", f"explore/form_data/{key}")
    SITE.show("DELETE", f"explore/form_data/{key}")
    SITE.show("GET", "explore/?slice_id=1")


@check
def row_level_security():
    roles = SITE.call(
        "GET", "security/roles/", query={"filters": [{"col": "name", "opr": "eq", "value": "Admin"}]}
    ).json["ids"]
    body = {
        "name": "cheap",
        "filter_type": "Regular",
        "tables": [NUMBERS["purchase"]],
        "roles": roles,
        "group_key": "g",
        "clause": "amount < 10",
    }
    SITE.show("POST", "rowlevelsecurity/", body)
    query = {
        "datasource": {"id": NUMBERS["purchase"], "type": "table"},
        "force": True,
        "queries": [{"metrics": ["n"], "columns": []}],
    }
    SITE.show("POST", "chart/data", query)
    SITE.show("PUT", "rowlevelsecurity/1", {"clause": "amount < 5"})
    SITE.show("POST", "chart/data", query)
    show_list(
        "rowlevelsecurity/", "name", columns=["id", "name", "clause", "filter_type", "tables.table_name", "roles.name"]
    )
    SITE.show("DELETE", "rowlevelsecurity/", query=[1])


@check
def users_and_roles():
    SITE.show("POST", "security/roles/", {"name": "Readers"})
    roles = {
        role["name"]: role["id"]
        for role in SITE.call("GET", "security/roles/", query={"page_size": 100}).json["result"]
    }
    print(sorted(roles))
    found = SITE.call("GET", "security/permissions-resources/", query={"page_size": 100}).json
    print(found["count"] > 100, sorted(found["result"][0]))
    SITE.show("POST", f"security/roles/{roles['Readers']}/permissions", {"permission_view_menu_ids": []})
    body = {"first_name": "Grace", "last_name": "Hopper", "username": "grace", "email": "grace@x.org", "active": True}
    SITE.show("POST", "security/users/", {**body, "password": "compat2", "roles": [roles["Gamma"], roles["Readers"]]})
    SITE.show(
        "POST", "security/users/", {**body, "email": "other@x.org", "password": "compat2", "roles": [roles["Gamma"]]}
    )
    SITE.show(
        "GET",
        "security/users/",
        query={"filters": [{"col": "username", "opr": "sw", "value": "gr"}], "columns": ["username", "roles.name"]},
    )
    SITE.show("GET", "security/roles/search/", query={"filters": [{"col": "name", "opr": "eq", "value": "Readers"}]})
    SITE.show(
        "POST",
        "security/groups/",
        {"name": "team", "label": "Team", "description": "", "users": [], "roles": [roles["Readers"]]},
    )


@check
def a_user_who_may_little():
    grace = site.Site()
    print(grace.log_in("grace", "compat2").status_code)
    for path in ("chart/", "dashboard/", "dataset/", "database/", "chart/1", "dataset/1", "security/users/"):
        answer = grace.call("GET", path)
        print(path, answer.status_code, answer.json.get("count"), answer.json.get("message"))
    query = {
        "datasource": {"id": NUMBERS["purchase"], "type": "table"},
        "queries": [{"metrics": ["count"], "columns": []}],
    }
    grace.show("POST", "chart/data", query)
    grace.show("POST", "sqllab/execute/", {"database_id": ID, "sql": "SELECT 1", "client_id": "grace"})


def files_of(archive):
    """What an export holds, by name; its folder is named for the moment."""
    with zipfile.ZipFile(io.BytesIO(archive)) as z:
        return {name.partition("/")[2]: z.read(name).decode() for name in sorted(z.namelist())}


EXPORTS = {}


def export(kind, numbers):
    response = SITE.call("GET", f"{kind}/export/", query=numbers)
    print(response.status_code, response.mimetype)
    EXPORTS[kind] = response.data
    for name, text in files_of(response.data).items():
        print(name)
        print(site.steady_text(re.sub(r"timestamp: .*", "timestamp: …", text)))


def bring_back(kind):
    passwords = json.dumps({f"databases/{name}.yaml": "compat" for name in ("shop",)})
    for overwrite in ("false", "true"):
        files = {"formData": (io.BytesIO(EXPORTS[kind]), "x.zip"), "passwords": passwords, "overwrite": overwrite}
        answer = SITE.call("POST", f"{kind}/import/", **files)
        print(answer.status_code, answer.json.get("message"))


for kind, numbers in {
    "database": [ID],
    "dataset": [1, 4, 8],
    "chart": [1],
    "dashboard": [1],
    "saved_query": [1, 2],
}.items():
    add(f"export: {kind}", export, kind, numbers)
for kind in ("saved_query", "dashboard", "chart", "dataset", "database"):
    add(f"import: {kind}", bring_back, kind)


@check
def import_what_was_deleted():
    for path, numbers in [("dashboard/", [1]), ("chart/", [1, 2])]:
        SITE.show("DELETE", path, query=numbers)
    bring_back("dashboard")
    answer = SITE.call("GET", "chart/", query={"columns": ["slice_name", "viz_type", "dashboards.dashboard_title"]})
    site.print_json(answer.json["result"], ordered=False)


@check
def everything_exported_as_assets():
    response = SITE.call("GET", "assets/export/")
    # Those that were imported have been numbered in the order of the archive's files.
    print(response.status_code, sorted(re.sub(r"_\d+", "", name) for name in files_of(response.data)))


@check
def activity():
    SITE.show("GET", "log/recent_activity/", query={"page_size": 5})
    response = SITE.call("GET", "log/", query={"columns": ["action"], "page_size": 100, "order_column": "dttm"})
    print(response.status_code, response.json["count"] > 100)


@check
def delete_what_others_need():
    SITE.show("DELETE", f"database/{ID}")
    SITE.show("DELETE", f"dataset/{NUMBERS['purchase']}")


@check
def health_and_menu():
    print(SITE.client.get("/health").get_data(as_text=True))
    SITE.show("GET", "menu/")
    SITE.show("GET", "available_domains/")
