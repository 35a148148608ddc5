"""Whoever keeps rows of people tells them: no model is forgotten, no column is a secret, nobody reads another's."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from marketplace.celery import PACKAGES
from marketplace.core import erasure, personal_data
from marketplace.core.personal_data import Table, write_archive
from purchases.models import Order

from .world import World, build_world

pytestmark = pytest.mark.once

OWN_MODELS = [
    model
    for model in apps.get_models()
    if model.__module__.split(".")[0] in PACKAGES and ".tests." not in model.__module__
]
# Names of columns that hold a person's id without a key to the account; who merely acted for the house (`actor_id`,
# `decided_by` …) is told by the audit trail.
PEOPLE = {"customer", "customer_id", "owner_id", "recipient", "caller", "actor", "unit", "user_id", "to_customer"}
SECRET = re.compile(r"password|secret|hash|token|share_key|salt|content$")
# A telephone number stands where other devices keep their token; the row's filter says which.
NO_SECRETS = {("notifications", "telephone_numbers", "token")}
TABLES = [(context, table) for context, tables in personal_data.registered_tables().items() for table in tables]
TOLD = {table.model._meta.label for _context, table in TABLES}


def knows_people(model: type[models.Model]) -> bool:
    """Whether a row of it leads to a person: by a key to the account, by an id, or through a told row above it."""
    for field in model._meta.fields:
        related: Any = field.related_model
        target = related._meta.label if field.remote_field else ""
        if target == "users.User" or field.attname in PEOPLE - {"actor_id"}:
            return True
        if target in TOLD - {"core.AuditEntry"} and target != model._meta.label:
            return True
    return False


def test_whoever_keeps_rows_of_people_tells_them_or_says_why_not():
    people = {model._meta.label for model in OWN_MODELS if knows_people(model)} - {"users.User"}
    untold = set(personal_data.untold_models())

    assert people - TOLD - untold == set()
    assert TOLD & untold == set()
    # Nothing is excused that is no longer there.
    assert untold <= {model._meta.label for model in OWN_MODELS}


def test_every_context_that_forgets_people_tells_about_them_too():
    assert erasure.registered_contexts() <= set(personal_data.registered_tables())


def test_no_secret_is_told():
    told = {(context, table.name, column) for context, table in TABLES for column in table.columns}

    assert {each for each in told if SECRET.search(each[2])} == NO_SECRETS


def test_names_of_files_are_unique():
    names = [(context, table.name) for context, table in TABLES]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+", name) for _context, name in names)


@pytest.fixture(scope="module")
def world(module_rows: None) -> World:
    """One of each thing, and people who may not have it."""
    return build_world()


def archive_of(user_id: Any) -> dict[str, Any]:
    """The files of a person's archive, by name."""
    target = io.BytesIO()
    counts = write_archive(target, user_id, at=datetime(2026, 5, 25, 18, tzinfo=UTC))
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert files.pop("README.txt").startswith("What this shop keeps about you")
    found = {name: json.loads(text) for name, text in files.items()}
    assert found.pop("manifest.json")["rows"] == counts == {name: len(rows) for name, rows in found.items()}
    return found


@pytest.mark.django_db
def test_a_customer_finds_what_they_did_in_every_context(world):
    owner = world.owner

    found = archive_of(owner.pk)

    filled = {name.split("/")[0] for name, rows in found.items() if rows}
    assert filled >= {"core", *erasure.registered_contexts()} - {"core"}
    assert found["users/account.json"][0]["email"] == owner.email
    orders = {row["id"] for row in found["purchases/orders.json"]}
    assert orders == {str(pk) for pk in Order.objects.filter(customer=owner).values_list("pk", flat=True)}
    assert orders


@pytest.mark.django_db
def test_nobody_finds_what_is_somebody_elses(world):
    text = json.dumps(archive_of(world.person("stranger").pk))

    assert world.owner.email not in text
    assert not [secret for secret in world.secrets if secret in text]


@pytest.mark.django_db
@pytest.mark.parametrize(("context", "table"), TABLES, ids=[f"{context}.{table.name}" for context, table in TABLES])
def test_a_table_can_be_asked_about_anybody_without_reading_the_others(context: str, table: Table, world):
    """Each lookup and column exists, and the condition is in the statement."""
    sql, parameters = table.rows_of(world.owner.pk).query.sql_with_params()

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.fetchall()
    assert world.owner.pk.hex in "".join(str(each).replace("-", "") for each in parameters)
