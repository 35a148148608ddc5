"""The linter of migrations: what each rule refuses, planted, and the same done in the way that is allowed."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from marketplace.core.online import AddIndexOnline
from scripts import migration_lint

pytestmark = pytest.mark.once

WORDS = models.CharField(max_length=20)
INDEX = models.Index(fields=["name"], name="planted_index")
UNIQUE = models.UniqueConstraint(fields=["name"], name="planted_unique")
CHECK = models.CheckConstraint(condition=models.Q(number__gte=0), name="planted_check")


def move(apps: Any, editor: Any) -> None:
    """Stands for a function that moves rows."""


def faults(*planted: Operation, atomic: bool = True, source: str = "") -> list[str]:
    """What the linter says of one migration with these operations, on a shop with one table and a second one."""
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", WORDS),
        ("number", models.IntegerField(null=True)),
    ]
    state.add_model(ModelState("shop", "item", fields))
    state.add_model(ModelState("shop", "owner", [("id", models.BigAutoField(primary_key=True))]))
    planted_class = type("Migration", (migrations.Migration,), {"operations": list(planted), "atomic": atomic})
    migration = planted_class("0002_planted", "shop")
    return migration_lint.faults(migration, state, source)


def add(field: "models.Field[Any, Any]") -> Operation:
    return migrations.AddField("item", "added", field)


def alter(name: str, field: "models.Field[Any, Any]") -> Operation:
    return migrations.AlterField("item", name, field)


OWNER: dict[str, Any] = {"to": "shop.owner", "on_delete": models.CASCADE, "null": True}
REFUSED = {
    "a column that must be given": ("not-null", add(models.CharField(max_length=5))),
    "a column with Django's default, which the database forgets": ("not-null", add(models.IntegerField(default=1))),
    "a column that is no longer empty": ("not-null", alter("number", models.IntegerField())),
    "the same by SQL": ("not-null", migrations.RunSQL("ALTER TABLE shop_item ALTER number SET NOT NULL")),
    "a column by SQL": ("not-null", migrations.RunSQL("ALTER TABLE shop_item ADD COLUMN b int NOT NULL")),
    "a column removed": ("one-step", migrations.RemoveField("item", "number")),
    "a column renamed": ("one-step", migrations.RenameField("item", "number", "count")),
    "a table removed": ("one-step", migrations.DeleteModel("Owner")),
    "a table renamed": ("one-step", migrations.RenameModel("Item", "Thing")),
    "a table of another name": ("one-step", migrations.AlterModelTable("item", "things")),
    "a column removed by SQL": ("one-step", migrations.RunSQL("ALTER TABLE shop_item DROP COLUMN number")),
    "an index": ("index", migrations.AddIndex("item", INDEX)),
    "an index by SQL": ("index", migrations.RunSQL("CREATE INDEX planted ON shop_item (name)")),
    "an index by a field": ("index", alter("name", models.CharField(max_length=20, db_index=True))),
    "an index by a foreign key": ("index", add(models.ForeignKey(**OWNER))),
    "an online index in a transaction": ("index", AddIndexOnline("item", INDEX)),
    "unique names": ("constraint", migrations.AddConstraint("item", UNIQUE)),
    "unique together": ("index", migrations.AlterUniqueTogether("item", {("name", "number")})),
    "a check of all rows": ("constraint", migrations.AddConstraint("item", CHECK)),
    "another type": ("type", alter("number", models.BigIntegerField(null=True))),
    "a shorter text": ("type", alter("name", models.CharField(max_length=10))),
    "another type by SQL": ("type", migrations.RunSQL("ALTER TABLE shop_item ALTER COLUMN number TYPE bigint")),
    "rows moved by Python": ("data", migrations.RunPython(move)),
    "rows moved by SQL": ("data", migrations.RunSQL("UPDATE shop_item SET number = 0")),
    "hidden beside the state": (
        "one-step",
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("item", "number")]),
    ),
}
NEW = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("name", WORDS)])
TAKEN: dict[str, tuple[list[Operation], bool]] = {
    "a column with a default of the database": ([add(models.IntegerField(db_default=1))], True),
    "a moment with the database's clock": ([add(models.DateTimeField(db_default=Now()))], True),
    "a column that may be empty": ([add(models.IntegerField(null=True))], True),
    "a foreign key whose index comes later": ([add(models.ForeignKey(**OWNER, db_index=False))], True),
    "a longer text": ([alter("name", models.CharField(max_length=40))], True),
    "a text without a length": ([alter("name", models.TextField())], True),
    "other words for people": ([alter("name", models.CharField("label", max_length=20, help_text="so"))], True),
    "an index beside its writers": ([AddIndexOnline("item", INDEX)], False),
    "the same by SQL": ([migrations.RunSQL("CREATE INDEX CONCURRENTLY planted ON shop_item (name)")], False),
    "a check of new rows": ([AddConstraintNotValid("item", CHECK)], True),
    "a table of its own with all it wants": (
        [NEW, migrations.AddIndex("new", INDEX), migrations.AddConstraint("new", UNIQUE)],
        True,
    ),
    "rows moved in their own time": ([migrations.RunPython(move)], False),
    "forgotten by the code first": (
        [migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("item", "number")])],
        True,
    ),
    "a function, which runs later": (
        [migrations.RunSQL("CREATE FUNCTION f() RETURNS void AS $$ UPDATE shop_item SET number = 0 $$ LANGUAGE sql")],
        True,
    ),
}


@pytest.mark.parametrize("planted", REFUSED)
def test_what_would_stop_the_release_before_is_refused(planted: str) -> None:
    rule, operation = REFUSED[planted]

    said = faults(operation)

    assert [line.partition(":")[0] for line in said] == [rule]


@pytest.mark.parametrize("planted", TAKEN)
def test_the_same_in_steps_is_taken(planted: str) -> None:
    planted_operations, atomic = TAKEN[planted]

    said = faults(*planted_operations, atomic=atomic)

    assert said == []


def test_a_waiver_wants_a_reason_and_something_to_waive() -> None:
    index = migrations.AddIndex("item", INDEX)

    reasoned = faults(
        index, source="# zero-downtime: allow index: the table has a row for each store, a hundred at most"
    )
    mumbled = faults(index, source="# zero-downtime: allow index: is fine")
    unneeded = faults(source="# zero-downtime: allow index: the table has a row for each store, a hundred at most")
    another = faults(index, source="# zero-downtime: allow data: the table has a row for each store, a hundred at most")

    assert reasoned == []
    assert mumbled == ["index: is waived without a reason that says anything"]
    assert unneeded == ["index: is waived and not broken"]
    assert [line.partition(":")[0] for line in another] == ["index", "data"]


def test_operations_before_change_what_an_operation_is_judged_against() -> None:
    longer, back = (alter("name", models.CharField(max_length=length)) for length in (40, 20))

    said = faults(longer, back)

    assert len(said) == 1
    assert said[0].startswith("type:")


def test_migrations_of_the_tree_pass_and_the_baseline_names_what_is_there() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    baseline = set(migration_lint.BASELINE.read_text().split())

    assert list(migration_lint.check(loader, baseline, migration_lint.own_apps())) == []


def test_a_migration_off_the_baseline_is_judged_and_a_name_of_nothing_told() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    baseline = set(migration_lint.BASELINE.read_text().split()) - {"stores.0012_movements_by_cause"} | {"stores.0999_x"}

    said = list(migration_lint.check(loader, baseline, migration_lint.own_apps()))

    assert [line.partition(":")[0] for line in said] == ["stores.0999_x", "stores.0012_movements_by_cause"]
