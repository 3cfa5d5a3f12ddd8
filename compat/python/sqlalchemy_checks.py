"""SQLAlchemy 2: core, ORM and reflection, over psycopg 3, psycopg 2 and asyncpg."""

import asyncio
import datetime
import enum
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload

from checks import check, run

ENGINE = sa.create_engine("postgresql+psycopg://", poolclass=sa.NullPool)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    born: Mapped[datetime.date | None]
    tags: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), server_default="{}")
    profile: Mapped[dict | None] = mapped_column(pg.JSONB)
    books: Mapped[list["Book"]] = relationship(
        back_populates="author", cascade="all, delete-orphan", order_by="Book.id"
    )


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (
        sa.CheckConstraint("price >= 0", name="price_positive"),
        sa.Index("book_title_lower", func.lower(sa.column("title", sa.Text))),
        sa.UniqueConstraint("author_id", "title"),
        {"comment": "what authors write"},
    )
    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(sa.Text, comment="as printed")
    price: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2), server_default="0")
    key: Mapped[uuid.UUID] = mapped_column(default=uuid.UUID(int=7))
    added: Mapped[datetime.datetime] = mapped_column(sa.DateTime(timezone=True), server_default=func.now())
    version: Mapped[int] = mapped_column()
    author: Mapped[Author] = relationship(back_populates="books")
    __mapper_args__ = {"version_id_col": version}


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}


class Employee(Person):
    __tablename__ = "employee"
    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    salary: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "employee"}


@check
def engines_of_three_drivers():
    for driver in ("psycopg", "psycopg2"):
        engine = sa.create_engine(f"postgresql+{driver}://")
        with engine.connect() as c:
            print(driver, c.dialect.server_version_info, c.dialect.default_schema_name, c.scalar(sa.text("SELECT 1")))
        engine.dispose()


@check
def engine_of_asyncpg():
    async def main():
        engine = create_async_engine("postgresql+asyncpg://", poolclass=sa.NullPool)
        async with engine.begin() as c:
            print((await c.execute(select(sa.literal(1), sa.literal("x")))).all())

    asyncio.run(main())


@check
def create_all():
    Base.metadata.create_all(ENGINE)
    Base.metadata.create_all(ENGINE)
    print(sorted(sa.inspect(ENGINE).get_table_names()))


@check
def orm_insert_and_lazy_load():
    with Session(ENGINE) as s:
        for name in ("Ada", "Grace", "Edsger"):
            s.add(
                Author(
                    name=name,
                    tags=["x", name],
                    profile={"name": name},
                    books=[Book(title=f"{name} {n}", price=Decimal(n) / 4) for n in range(3)],
                )
            )
        s.commit()
        ada = s.scalars(select(Author).filter_by(name="Ada")).one()
        print(ada.id, ada.tags, ada.profile, [(b.id, b.title, b.price, b.key, b.version) for b in ada.books])


@check
def orm_eager_loads():
    with Session(ENGINE) as s:
        for strategy in (joinedload, selectinload):
            authors = s.scalars(select(Author).options(strategy(Author.books)).order_by(Author.id)).unique().all()
            print([(a.name, len(a.books)) for a in authors])


@check
def orm_update_delete_cascade():
    with Session(ENGINE) as s:
        ada = s.scalars(select(Author).filter_by(name="Ada")).one()
        ada.books[0].price = Decimal("9.99")
        ada.books.pop()
        s.commit()
        s.delete(s.scalars(select(Author).filter_by(name="Grace")).one())
        s.commit()
        print(s.execute(select(Book.title, Book.price, Book.version).order_by(Book.title)).all())


@check
def orm_bulk_insert_with_returning():
    with Session(ENGINE) as s:
        ids = s.scalars(
            sa.insert(Author).returning(Author.id, sort_by_parameter_order=True),
            [{"name": f"bulk {n}"} for n in range(1500)],
        ).all()
        print(len(ids), ids == sorted(ids))
        print(
            s.execute(
                sa.update(Author).where(Author.name.startswith("bulk 1")).values(born=datetime.date(2000, 1, 1))
            ).rowcount
        )
        print(s.execute(sa.delete(Author).where(Author.name.like("bulk %"))).rowcount)
        s.commit()


@check
def orm_stale_version():
    with Session(ENGINE) as a, Session(ENGINE) as b:
        one, other = (s.scalars(select(Book).limit(1).order_by(Book.id)).one() for s in (a, b))
        one.price = 1
        a.commit()
        other.price = 2
        try:
            b.commit()
        except sa.orm.exc.StaleDataError as error:
            print(error)


@check
def orm_joined_inheritance():
    with Session(ENGINE) as s:
        s.add_all([Person(name="p"), Employee(name="e", salary=5)])
        s.commit()
        print(
            [
                (type(p).__name__, p.name)
                for p in s.scalars(select(sa.orm.with_polymorphic(Person, "*")).order_by(Person.id))
            ]
        )


@check
def orm_savepoint():
    with Session(ENGINE) as s:
        s.add(Person(name="kept"))
        try:
            with s.begin_nested():
                s.add(Person(id=1, name="twice"))
        except sa.exc.IntegrityError as error:
            print(type(error.orig).__name__, error.orig.sqlstate)
        s.commit()
        print(s.scalar(select(func.count()).select_from(Person)))


@check
def orm_for_update():
    with Session(ENGINE) as s:
        print(len(s.scalars(select(Author).with_for_update(skip_locked=True, of=Author)).all()))


def rows(statement, *parameters):
    with ENGINE.begin() as c:
        result = c.execute(statement, *parameters)
        for row in result if result.returns_rows else [result.rowcount]:
            print(row)


@check
def core_select_in_many_forms():
    a, b = Author.__table__, Book.__table__
    rows(
        select(a.c.name, func.count(b.c.id)).outerjoin(b).group_by(a.c.name).having(func.count() > 0).order_by(a.c.name)
    )
    ranked = select(
        b.c.title, func.row_number().over(partition_by=b.c.author_id, order_by=b.c.price.desc()).label("rank")
    ).subquery()
    rows(select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.title))
    rows(select(a.c.name).where(select(b).where(b.c.author_id == a.c.id).exists()).order_by(a.c.name))
    lateral = select(b.c.title).where(b.c.author_id == a.c.id).order_by(b.c.id).limit(1).lateral()
    rows(select(a.c.name, lateral.c.title).join(lateral, sa.true()).order_by(a.c.name))
    rows(sa.union_all(select(a.c.name), select(b.c.title)).order_by("name").limit(3).offset(1))
    rows(
        select(
            sa.case((a.c.id > 1, "big"), else_="small"),
            sa.cast(a.c.id, sa.String),
            a.c.name.op("||")("!"),
            a.c.name.ilike("%A%"),
        ).order_by(a.c.id)
    )
    rows(select(a.c.name).where(a.c.tags.contains(["x"]), a.c.tags.any("x")).order_by(a.c.name))
    rows(
        select(a.c.profile["name"].astext, a.c.profile.has_key("name"), a.c.profile.contains({"name": "Ada"})).order_by(
            a.c.id
        )
    )
    rows(select(func.array_agg(pg.aggregate_order_by(a.c.name, a.c.name.desc())), func.string_agg(a.c.name, ",")))
    rows(
        select(
            sa.extract("year", sa.literal(datetime.date(2024, 2, 29))),
            func.date_trunc("month", sa.literal(datetime.datetime(2024, 2, 29))),
        )
    )
    rows(select(sa.tuple_(a.c.id, a.c.name).in_([(1, "Ada")])).order_by(a.c.id))
    rows(select(func.unnest(sa.literal([1, 2], pg.ARRAY(sa.Integer))).column_valued("x")))
    rows(select(sa.values(sa.column("a", sa.Integer), sa.column("b", sa.String), name="v").data([(1, "x"), (2, "y")])))


@check
def core_recursive_cte():
    tree = select(sa.literal(1).label("n")).cte(recursive=True)
    tree = tree.union_all(select(tree.c.n + 1).where(tree.c.n < 5))
    rows(select(tree))


@check
def core_upsert():
    t = sa.Table("upsert", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.Text))
    t.create(ENGINE)
    insert = pg.insert(t)
    rows(
        insert.on_conflict_do_update(index_elements=["id"], set_={"v": insert.excluded.v}).returning(t),
        [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}],
    )
    rows(
        insert.on_conflict_do_update(
            constraint=t.primary_key, set_={"v": insert.excluded.v + "!"}, where=t.c.id > 1
        ).returning(t.c.v),
        [{"id": 1, "v": "x"}, {"id": 2, "v": "y"}],
    )
    rows(insert.on_conflict_do_nothing().returning(t.c.id), [{"id": 1}, {"id": 3}])
    gone = sa.delete(t).where(t.c.id < 3).returning(t.c.id, t.c.v).cte()
    rows(select(gone).order_by(gone.c.id))


@check
def core_executemany_of_ten_thousand():
    t = sa.Table("bulk", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.Float))
    t.create(ENGINE)
    rows(sa.insert(t), [{"id": n, "v": n / 2} for n in range(10_000)])
    rows(select(func.count(), func.sum(t.c.v)).select_from(t))
    rows(
        sa.update(t).where(t.c.id == sa.bindparam("i")).values(v=sa.bindparam("w")),
        [{"i": n, "w": 0} for n in range(10)],
    )


class Mood(enum.Enum):
    sad = 1
    happy = 2


@check
def column_types_round_trip():
    moment = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)
    values = {
        sa.SmallInteger: 1,
        sa.BigInteger: 2**40,
        sa.Float: 1.5,
        sa.Double: 2.5,
        sa.Numeric(30, 10): Decimal("1.0000000001"),
        sa.Boolean: True,
        sa.String(5): "abc",
        sa.Unicode: "☃",
        sa.LargeBinary: b"\x00\xff",
        sa.Date: moment.date(),
        sa.Time: moment.time(),
        sa.DateTime: moment.replace(tzinfo=None),
        sa.DateTime(timezone=True): moment,
        sa.Interval: datetime.timedelta(1, 2),
        sa.Uuid: uuid.UUID(int=1),
        sa.JSON: {"a": [1]},
        pg.JSONB: {"b": None},
        pg.ARRAY(sa.Integer, dimensions=2): [[1, 2], [3, 4]],
        pg.CHAR(3): "a  ",
        pg.TIMESTAMP(precision=0): moment.replace(tzinfo=None),
        pg.OID: 5,
        pg.REGCLASS: "pg_class",
    }
    t = sa.Table("every", sa.MetaData(), *[sa.Column(f"c{n}", type) for n, type in enumerate(values)])
    t.create(ENGINE)
    rows(sa.insert(t), [{f"c{n}": value for n, value in enumerate(values.values())}])
    rows(select(t))
    for column in sa.inspect(ENGINE).get_columns("every"):
        print(column["name"], repr(column["type"]), column["nullable"], column["default"])


def one_type(name, type, value):
    def function():
        t = sa.Table(f"of_{name}", sa.MetaData(), sa.Column("v", type))
        t.create(ENGINE)
        rows(sa.insert(t), [{"v": value}])
        rows(select(t.c.v))
        print(repr(sa.inspect(ENGINE).get_columns(t.name)[0]["type"]))

    function.__name__ = f"type_{name}"
    check(function)


one_type("enum", sa.Enum(Mood, name="mood"), Mood.happy)
one_type("domain", pg.DOMAIN("positive", sa.Integer, check="VALUE > 0"), 5)
one_type("inet", pg.INET, "10.0.0.1")
one_type("cidr", pg.CIDR, "10.0.0.0/8")
one_type("macaddr", pg.MACADDR, "08:00:2b:01:02:03")
one_type("bit", pg.BIT(3), "101")
one_type("money", pg.MONEY, "$1.00")
one_type("int4range", pg.INT4RANGE, pg.Range(1, 5))
one_type("daterange", pg.DATERANGE, pg.Range(datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)))
one_type("int4multirange", pg.INT4MULTIRANGE, [pg.Range(1, 5)])
one_type("tsvector", pg.TSVECTOR, "'a'")
one_type("interval", pg.INTERVAL, datetime.timedelta(1))
one_type("array_of_enum", pg.ARRAY(sa.Enum("a", "b", name="letter")), ["a"])


def reflect(method, *arguments, **options):
    """A check of the inspector: what a method says of the model's tables."""

    def function():
        result = getattr(sa.inspect(ENGINE), method)(*arguments, **options)
        # PostgreSQL promises no order where the inspector asks for none.
        print(result if not isinstance(result, list) else "\n".join(sorted(map(str, result))))

    function.__name__ = f"inspector_{method}_{'_'.join(arguments)}".rstrip("_")
    check(function)


@check
def set_up_for_reflection():
    with ENGINE.begin() as c:
        c.execute(sa.text("CREATE SCHEMA other"))
        c.execute(
            sa.text(
                'CREATE TABLE other.t (a serial PRIMARY KEY, b int REFERENCES author ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, c text COLLATE "C", d int GENERATED ALWAYS AS (a * 2) STORED)'
            )
        )
        c.execute(sa.text("CREATE UNIQUE INDEX t_partial ON other.t (b DESC NULLS LAST) INCLUDE (c) WHERE a > 0"))
        c.execute(sa.text("CREATE VIEW titles AS SELECT title FROM book WHERE price > 1"))
        c.execute(sa.text("CREATE SEQUENCE numbers START 5"))


for table in ("author", "book", "employee"):
    for method in (
        "get_columns",
        "get_pk_constraint",
        "get_foreign_keys",
        "get_indexes",
        "get_unique_constraints",
        "get_check_constraints",
        "get_table_comment",
    ):
        reflect(method, table)
for method in ("get_columns", "get_foreign_keys", "get_indexes"):
    reflect(method, "t", schema="other")
for method in (
    "get_table_names",
    "get_view_names",
    "get_materialized_view_names",
    "get_sequence_names",
    "get_schema_names",
    "get_temp_table_names",
    "get_enums",
    "get_domains",
):
    reflect(method)
reflect("get_view_definition", "titles")
reflect("get_columns", "titles")
for method in ("has_table", "has_sequence"):
    reflect(method, "book")
reflect("has_index", "book", "book_title_lower")
reflect("get_sorted_table_and_fkc_names")


@check
def inspector_multi():
    inspector = sa.inspect(ENGINE)
    for method in (
        "get_multi_columns",
        "get_multi_pk_constraint",
        "get_multi_foreign_keys",
        "get_multi_indexes",
        "get_multi_unique_constraints",
        "get_multi_check_constraints",
    ):
        result = getattr(inspector, method)(filter_names=["author", "book"])
        print(method, sorted((str(key), str(value)) for key, value in result.items()))


@check
def metadata_reflect_and_create_elsewhere():
    metadata = sa.MetaData()
    metadata.reflect(ENGINE, only=["author", "book", "person"], views=False)
    for table in metadata.sorted_tables:
        print(sa.schema.CreateTable(table).compile(ENGINE))
        for index in sorted(table.indexes, key=lambda i: i.name):
            print(sa.schema.CreateIndex(index).compile(ENGINE))


@check
def errors_are_wrapped():
    for statement in [
        "SELECT * FROM nowhere",
        "SELECT 1/0",
        "SELEC",
        "INSERT INTO author (name) VALUES ('Ada')",
        "INSERT INTO book (author_id, title, version) VALUES (99, 'x', 1)",
        "SELECT 'x'::int",
    ]:
        try:
            rows(sa.text(statement))
        except DBAPIError as error:
            print(type(error).__name__, error.orig.sqlstate)


@check
def isolation_levels():
    for level in ("SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "AUTOCOMMIT"):
        with ENGINE.connect().execution_options(isolation_level=level, postgresql_readonly=True) as c:
            print(level, c.get_isolation_level(), c.scalar(sa.text("SHOW transaction_isolation")))


@check
def server_side_cursor_and_stream():
    with ENGINE.connect() as c:
        result = c.execution_options(yield_per=100).execute(sa.text("SELECT generate_series(1, 1000)"))
        print([len(part) for part in result.partitions()])


@check
def two_phase():
    c = ENGINE.connect()
    transaction = c.begin_twophase()
    c.execute(sa.text("SELECT 1"))
    try:
        transaction.prepare()
    except DBAPIError as error:
        print(type(error).__name__, error.orig.sqlstate)
    c.detach()


@check
def drop_all():
    with ENGINE.begin() as c:
        c.execute(sa.text("DROP VIEW titles"))
        c.execute(sa.text("DROP SCHEMA other CASCADE"))
    Base.metadata.drop_all(ENGINE)
    print(set(Base.metadata.tables) & set(sa.inspect(ENGINE).get_table_names()))


if __name__ == "__main__":
    run()
