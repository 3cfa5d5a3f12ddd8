"""A Django project in one module: an app `shop` with its models, and contrib's apps beside it."""

import os
import sys
import tempfile
import types
import uuid
from pathlib import Path

import django
from django.conf import settings

MIGRATIONS = Path(tempfile.mkdtemp()) / "shop_migrations"


def configure():
    MIGRATIONS.mkdir()
    (MIGRATIONS / "__init__.py").touch()
    sys.path.insert(0, str(MIGRATIONS.parent))
    contrib = [
        f"django.contrib.{app}"
        for app in (
            "contenttypes",
            "auth",
            "sessions",
            "admin",
            "messages",
            "sites",
            "redirects",
            "flatpages",
            "postgres",
        )
    ]
    settings.configure(
        INSTALLED_APPS=[*contrib, "shop"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": os.environ["PGDATABASE"],
                "USER": os.environ["PGUSER"],
                "PASSWORD": os.environ["PGPASSWORD"],
                "HOST": os.environ["PGHOST"],
                "PORT": os.environ["PGPORT"],
            }
        },
        MIGRATION_MODULES={"shop": MIGRATIONS.name},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE="UTC",
        SITE_ID=1,
        SECRET_KEY="compat",
    )
    app = types.ModuleType("shop")
    app.__path__ = [str(MIGRATIONS.parent)]
    sys.modules["shop"] = app
    django.setup()


def make_models():
    from django.db import models
    from django.db.models.functions import Lower, Now

    class Customer(models.Model):
        name = models.CharField(max_length=40, unique=True)
        email = models.EmailField(blank=True, db_index=True)
        born = models.DateField(null=True)
        active = models.BooleanField(default=True)
        key = models.UUIDField(default=uuid.UUID(int=3).hex)
        profile = models.JSONField(default=dict)
        site = models.URLField(null=True)
        slug = models.SlugField(default="s")
        balance = models.DecimalField(max_digits=10, decimal_places=2, default=0)
        score = models.FloatField(default=0)
        visits = models.PositiveIntegerField(default=0)
        waited = models.DurationField(null=True)
        photo = models.BinaryField(null=True)
        joined = models.DateTimeField(db_default=Now())
        hour = models.TimeField(null=True)

        class Meta:
            app_label = "shop"
            ordering = ["name"]
            constraints = [
                models.CheckConstraint(condition=models.Q(balance__gte=-100), name="balance_not_low"),
                models.UniqueConstraint(Lower("email"), condition=models.Q(active=True), name="email_of_active"),
            ]
            indexes = [
                models.Index(fields=["born", "-name"], name="born_name"),
                models.Index(Lower("name"), name="lower_name"),
            ]

    class Address(models.Model):
        ip = models.GenericIPAddressField(null=True)

        class Meta:
            # No migration: it has a check of its own.
            app_label = "shop"
            managed = False

    class Tag(models.Model):
        label = models.CharField(max_length=10)

        class Meta:
            app_label = "shop"

    class Order(models.Model):
        customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
        number = models.IntegerField()
        total = models.DecimalField(max_digits=12, decimal_places=3)
        twice = models.GeneratedField(
            expression=models.F("total") * 2,
            output_field=models.DecimalField(max_digits=13, decimal_places=3),
            db_persist=True,
        )
        placed = models.DateTimeField()
        tags = models.ManyToManyField(Tag)

        class Meta:
            app_label = "shop"
            unique_together = [("customer", "number")]
            db_table_comment = "what customers buy"

    return Customer, Address, Tag, Order
