"""Django 5: migrations up and down, the ORM, introspection, the apps of contrib."""

import datetime
import io
from decimal import Decimal

import django_site

django_site.configure()
Customer, Address, Tag, Order = django_site.make_models()

from django.contrib.auth.models import Group, User
from django.contrib.postgres.aggregates import ArrayAgg, StringAgg
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import Avg, Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, Concat, ExtractYear, Lag, Length, Lower, Now, Rank, TruncMonth, Upper

from checks import add, check, run

NOON = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)


def command(*arguments, **options):
    out = io.StringIO()
    call_command(*arguments, stdout=out, no_color=True, **options)
    return out.getvalue()


@check
def makemigrations_and_sqlmigrate():
    print(command("makemigrations", "shop", verbosity=1).replace(str(django_site.MIGRATIONS), ""))
    print(command("sqlmigrate", "shop", "0001"))


@check
def migrate_everything():
    print(command("migrate", verbosity=1))


@check
def showmigrations():
    print(command("showmigrations"))
    print(command("migrate", check_unapplied=True))


@check
def create_and_get():
    for n, name in enumerate(["Ada", "Grace", "Edsger"]):
        customer = Customer.objects.create(
            name=name,
            email=f"{name}@x.org",
            born=datetime.date(1900 + n, 1, 1),
            profile={"n": n, "tags": ["a", n], "deep": {"x": None}},
            balance=Decimal("1.50") * n,
            score=n / 3,
            waited=datetime.timedelta(days=n, seconds=1),
            photo=b"\x00\xff",
            hour=datetime.time(1, n),
            joined=NOON,
        )
        for number in range(3):
            Order.objects.create(
                customer=customer,
                number=number,
                total=Decimal(number) + Decimal("0.125"),
                placed=NOON + datetime.timedelta(days=40 * number),
            )
    ada = Customer.objects.get(name="Ada")
    print(
        {
            f.name: getattr(ada, f.name) if f.name != "photo" else bytes(ada.photo)
            for f in Customer._meta.fields
            if f.name != "id"
        }
    )
    print(list(Order.objects.order_by("id").values_list("number", "total", "twice")))


@check
def ip_addresses():
    with connection.schema_editor() as editor:
        editor.create_model(Address)
    Address.objects.create(ip="10.0.0.1")
    print(list(Address.objects.filter(ip__startswith="10.").values_list("ip", flat=True)))
    with connection.schema_editor() as editor:
        editor.delete_model(Address)


QUERIES = {
    "filters": lambda: (
        Customer.objects.filter(Q(name__istartswith="a") | Q(name__iregex="^g"), born__year__lt=1950)
        .exclude(balance__gt=99)
        .values_list("name")
    ),
    "lookups of text": lambda: Customer.objects.filter(
        name__contains="d", email__iendswith="ORG", name__in=["Ada", "Edsger"]
    ).values_list("name"),
    "lookups of JSON": lambda: Customer.objects.filter(
        profile__n__gte=1, profile__has_key="tags", profile__deep__x=None
    ).values_list("name", "profile__tags__0"),
    "JSON contains": lambda: Customer.objects.filter(profile__contains={"n": 1}).values_list("name"),
    "joins and select_related": lambda: [
        (o.customer.name, o.number)
        for o in Order.objects.select_related("customer").filter(customer__name="Ada").order_by("number")
    ],
    "prefetch_related": lambda: [
        (c.name, [o.number for o in c.orders.all()]) for c in Customer.objects.prefetch_related("orders")
    ],
    "aggregate": lambda: [
        Order.objects.aggregate(Sum("total"), Avg("total"), Max("placed"), Count("customer", distinct=True))
    ],
    "annotate and having": lambda: (
        Customer.objects.annotate(n=Count("orders"), s=Sum("orders__total"))
        .filter(n__gt=2)
        .order_by("name")
        .values_list("name", "n", "s")
    ),
    "filtered aggregate": lambda: (
        Customer.objects.annotate(n=Count("orders", filter=Q(orders__number__gt=0)))
        .order_by("name")
        .values_list("name", "n")
    ),
    "case and coalesce": lambda: Customer.objects.annotate(
        c=Case(When(balance__gt=1, then=Value("rich")), default=Value("poor")), d=Coalesce("site", Value("none"))
    ).values_list("name", "c", "d"),
    "subquery and exists": lambda: (
        Customer.objects.annotate(
            last=Subquery(Order.objects.filter(customer=OuterRef("pk")).order_by("-placed").values("total")[:1])
        )
        .filter(Exists(Order.objects.filter(customer=OuterRef("pk"), number=2)))
        .values_list("name", "last")
    ),
    "windows": lambda: (
        Order.objects.annotate(
            r=Window(Rank(), partition_by="customer", order_by="-total"), p=Window(Lag("total"), order_by="id")
        )
        .order_by("id")
        .values_list("r", "p")
    ),
    "functions": lambda: Customer.objects.annotate(
        a=Concat(Lower("name"), Value("-"), Upper("slug"), output_field=models.TextField()),
        b=Length("name"),
        y=ExtractYear("born"),
    ).values_list("a", "b", "y"),
    "dates": lambda: (
        Order.objects.annotate(m=TruncMonth("placed"))
        .values("m")
        .annotate(n=Count("id"))
        .order_by("m")
        .values_list("m", "n")
    ),
    "dates of a field": lambda: Order.objects.dates("placed", "month"),
    "time zones": lambda: (
        Order.objects.annotate(d=TruncMonth("placed", tzinfo=datetime.timezone(datetime.timedelta(hours=5))))
        .order_by("id")
        .values_list("d")[:2]
    ),
    "duration arithmetic": lambda: Customer.objects.annotate(e=F("joined") + F("waited")).values_list("e"),
    "union": lambda: (
        Customer.objects.order_by()
        .values_list("name")
        .union(Tag.objects.values_list("label"), Customer.objects.order_by().values_list("slug"))
        .order_by("name")
    ),
    "intersection and difference": lambda: (
        Customer.objects.order_by()
        .values_list("name")
        .difference(Customer.objects.order_by().filter(name="Ada").values_list("name"))
        .order_by("name")
    ),
    "distinct on": lambda: (
        Order.objects.order_by("customer_id", "-number").distinct("customer_id").values_list("customer__name", "number")
    ),
    "slices": lambda: Customer.objects.all()[1:3].values_list("name"),
    "array_agg and string_agg": lambda: (
        Customer.objects.order_by()
        .aggregate(a=ArrayAgg("name", order_by="name"), b=StringAgg("name", ",", order_by="-name"))
        .items()
    ),
    "raw": lambda: [
        c.name for c in Customer.objects.raw("SELECT id, name FROM shop_customer WHERE balance < %s ORDER BY id", [2])
    ],
    "extra random and now": lambda: [Customer.objects.order_by("?").annotate(now=Now()).count()],
    "in bulk and iterator": lambda: [
        len(Customer.objects.in_bulk()),
        [c.name for c in Customer.objects.iterator(chunk_size=1)],
    ],
    "select_for_update": lambda: select_for_update(),
    "explain": lambda: [type(Customer.objects.filter(id=1).explain(format="json")).__name__],
}


def select_for_update():
    with transaction.atomic():
        return [
            c.name
            for c in Customer.objects.order_by("id").select_for_update(skip_locked=True, of=("self",), no_key=True)
        ]


def query(function):
    for row in function():
        print(row)


for name, function in QUERIES.items():
    add(f"query: {name}", query, function)


@check
def update_and_delete():
    print(Customer.objects.filter(name="Ada").update(visits=F("visits") + 5, profile={"x": 1}))
    print(Order.objects.filter(customer__name="Grace").delete())
    print(list(Customer.objects.values_list("name", "visits")))


@check
def bulk_operations():
    Tag.objects.bulk_create([Tag(label=f"t{n}") for n in range(500)])
    Customer.objects.bulk_create(
        [
            Customer(id=c.id, name=c.name, email="new@x.org", slug=str(c.id))
            for c in Customer.objects.filter(name="Ada")
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["email"],
    )
    Tag.objects.bulk_create([Tag(id=1, label="again")], ignore_conflicts=True)
    tags = list(Tag.objects.order_by("id")[:3])
    for tag in tags:
        tag.label = tag.label.upper()
    print(Tag.objects.bulk_update(tags, ["label"]), Tag.objects.count(), Customer.objects.get(name="Ada").email)


@check
def get_or_create_and_update_or_create():
    print(Tag.objects.get_or_create(label="only")[1], Tag.objects.get_or_create(label="only")[1])
    print(Customer.objects.update_or_create(name="Ada", defaults={"slug": "z"})[1])


@check
def many_to_many():
    order = Order.objects.order_by("id").first()
    order.tags.set(Tag.objects.order_by("id")[:4])
    order.tags.remove(Tag.objects.order_by("id").first())
    print(list(order.tags.order_by("id").values_list("label", flat=True)), Tag.objects.filter(order=order).count())


@check
def atomic_savepoints_and_errors():
    with transaction.atomic():
        try:
            with transaction.atomic():
                Customer.objects.create(name="Ada", email="other@x.org")
        except IntegrityError as error:
            print(error.__cause__.sqlstate, error.__cause__.diag.constraint_name)
        try:
            with transaction.atomic():
                Customer.objects.filter(name="Ada").update(balance=-1000)
        except IntegrityError as error:
            print(error.__cause__.sqlstate, error.__cause__.diag.constraint_name)
        print(Customer.objects.count())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    except DatabaseError as error:
        print(type(error).__name__, error.__cause__.sqlstate)


@check
def deferred_foreign_key():
    try:
        with transaction.atomic():
            Order.objects.create(customer_id=999, number=1, total=1, placed=NOON)
            print("inserted")
    except IntegrityError as error:
        print(error.__cause__.sqlstate)


@check
def contrib_apps():
    user = User.objects.create_superuser("root", "r@x.org", "pw")
    user.groups.add(Group.objects.create(name="staff"))
    print(user.check_password("pw"), user.has_perm("auth.add_user"), User.objects.filter(groups__name="staff").count())
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["a"] = 1
    session.save()
    print(SessionStore(session.session_key)["a"])


@check
def introspection():
    with connection.cursor() as cursor:
        tables = connection.introspection.get_table_list(cursor)
        print(sorted((t.name, t.type, t.comment) for t in tables if t.name.startswith("shop")))
        for table in ("shop_customer", "shop_order"):
            for row in connection.introspection.get_table_description(cursor, table):
                print(row)
            for name, constraint in sorted(connection.introspection.get_constraints(cursor, table).items()):
                # Names end in a digest; those of foreign keys and indexes are the same on every server.
                print(name, {k: v for k, v in constraint.items() if k != "definition"})
            print(
                connection.introspection.get_sequences(cursor, table),
                connection.introspection.get_relations(cursor, table),
            )
            print(connection.introspection.get_primary_key_columns(cursor, table))


@check
def inspectdb():
    print(command("inspectdb", "shop_customer", "shop_order", "auth_user"))


def alter(change):
    """A second migration, made from changed models and undone again."""
    with connection.schema_editor() as editor:
        change(editor)
    with connection.cursor() as cursor:
        for row in connection.introspection.get_table_description(cursor, "shop_tag"):
            print(row)
        print(sorted(connection.introspection.get_constraints(cursor, "shop_tag").items(), key=str))


def field(type, name="extra", **options):
    made = type(**options)
    made.set_attributes_from_name(name)
    made.model = Tag
    return made


LABEL = Tag._meta.get_field("label")
ALTERATIONS = {
    "add a field with a default": lambda e: e.add_field(Tag, field(models.IntegerField, default=5)),
    "widen it": lambda e: e.alter_field(
        Tag, field(models.IntegerField, default=5), field(models.BigIntegerField, default=5)
    ),
    "to text": lambda e: e.alter_field(
        Tag, field(models.BigIntegerField, default=5), field(models.TextField, default="5")
    ),
    "to null": lambda e: e.alter_field(Tag, field(models.TextField, default="5"), field(models.TextField, null=True)),
    "index it": lambda e: e.alter_field(
        Tag, field(models.TextField, null=True), field(models.TextField, null=True, db_index=True)
    ),
    "one value each": lambda e: e.execute("UPDATE shop_tag SET extra = id"),
    "unique": lambda e: e.alter_field(
        Tag, field(models.TextField, null=True, db_index=True), field(models.TextField, null=True, unique=True)
    ),
    "rename it": lambda e: e.alter_field(
        Tag, field(models.TextField, null=True, unique=True), field(models.TextField, "other", null=True, unique=True)
    ),
    "comment on it": lambda e: e.alter_field(
        Tag,
        field(models.TextField, "other", null=True, unique=True),
        field(models.TextField, "other", null=True, unique=True, db_comment="x"),
    ),
    "add a check": lambda e: e.add_constraint(
        Tag, models.CheckConstraint(condition=Q(label__gt=""), name="label_there")
    ),
    "add an index with include": lambda e: e.add_index(
        Tag, models.Index("label", name="with_include", include=["id"], condition=Q(label__lt="x"))
    ),
    "add a deferrable unique": lambda e: e.add_constraint(
        Tag, models.UniqueConstraint(fields=["label", "id"], name="later", deferrable=models.Deferrable.DEFERRED)
    ),
    "drop them": lambda e: (
        e.remove_constraint(Tag, models.CheckConstraint(condition=Q(label__gt=""), name="label_there")),
        e.remove_index(Tag, models.Index("label", name="with_include")),
    ),
    "drop the field": lambda e: e.remove_field(Tag, field(models.TextField, "other", null=True, unique=True)),
}
for name, change in ALTERATIONS.items():
    add(f"alter: {name}", alter, change)


@check
def test_database():
    old = connection.settings_dict["NAME"]
    print(connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False) != old)
    print(Customer.objects.count())
    connection.creation.destroy_test_db(old, verbosity=0)


@check
def flush():
    command("flush", interactive=False)
    print(Customer.objects.count(), User.objects.count(), Tag.objects.create(label="first").id)


@check
def migrate_down():
    print(command("migrate", "shop", "zero", verbosity=1))
    print(command("migrate", "auth", "zero", verbosity=1))


if __name__ == "__main__":
    run()
