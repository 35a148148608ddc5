"""New migrations must be able to run while the release before still serves: the rules of docs/migrations.md.

Migrations of `scripts/migration_baseline.txt` ran before there was anything to keep up. Every other one is read
together with the state that it begins from. What is refused and yet right here (a table of ten rows) is let through by
a comment in the migration, with the reason: `# zero-downtime: allow RULE: REASON`.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

import django
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, NotInTransactionMixin
from django.db import models
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED
from django.db.models.functions import Now

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "scripts" / "migration_baseline.txt"
WAIVER = re.compile(r"^\s*# zero-downtime: allow ([a-z-]+): (.+)$", re.MULTILINE)
SHORTEST_REASON = 15
LENGTH = re.compile(r"varchar\((\d+)\)")
# Fields have what is asked of them here; their stubs do not say so of all of it.
AnyField = Any
ONE_STEP = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
# Of what SQL does, by its own words. Nothing here reads SQL: a comment that names a rule's words is waived like SQL.
SQL = {
    "one-step": r"\bdrop\s+(?:column|table)\b|\brename\s+(?:column\b|to\b)|\brename\b.*\bto\b",
    "index": r"\bcreate\s+(?:unique\s+)?index\s+(?!concurrently\b)",
    "not-null": r"\bset\s+not\s+null\b|\badd\s+column\b(?=[^,;]*\bnot\s+null\b)(?![^,;]*\bdefault\b)",
    "type": r"\balter\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b",
    "constraint": r"\badd\s+constraint\b(?![^;]*\bnot\s+valid\b)",
    "data": r"\b(?:update\s+\S+\s+set|delete\s+from|insert\s+into\s+\S+[^;]*\bselect)\b",
}
PATTERNS = {rule: re.compile(pattern, re.IGNORECASE | re.DOTALL) for rule, pattern in SQL.items()}
# Bodies of functions run later; `CREATE FUNCTION` itself changes no row.
FUNCTION_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """A rule that is broken, and by what."""

    rule: str
    what: str


@dataclass
class Judge:
    """Reads the operations of one migration in order. `state` is what they begin from, and moves on with them."""

    migration: Migration
    state: ProjectState
    made: set[str] = field(default_factory=set)
    found: list[Finding] = field(default_factory=list)

    def run(self) -> list[Finding]:
        """Every finding, in the order of the operations."""
        for operation in self.migration.operations:
            self.take(operation)
        return self.found

    def take(self, operation: Operation) -> None:
        """Judge one operation against the state before it, then let it change the state."""
        if isinstance(operation, operations.SeparateDatabaseAndState):
            for each in operation.database_operations:
                self.judge(each)
            for each in operation.state_operations:
                self.forward(each)
            return
        self.judge(operation)
        self.forward(operation)

    def forward(self, operation: Operation) -> None:
        """The state after an operation."""
        operation.state_forwards(self.migration.app_label, self.state)

    def report(self, rule: str, operation: Operation, why: str) -> None:
        """Note a finding."""
        self.found.append(Finding(rule, f"{operation.describe()}: {why}"))

    def is_new(self, model_name: str) -> bool:
        """Whether the table was made by this very migration, so that nobody waits for it."""
        return model_name.lower() in self.made

    @singledispatchmethod
    def judge(self, operation: Operation) -> None:
        """Operations of no rule: options of models, managers, validators of code."""
        if isinstance(operation, ONE_STEP):
            self.report("one-step", operation, "the release before still uses the old name")

    @judge.register
    def _create(self, operation: operations.CreateModel) -> None:
        self.made.add(operation.name.lower())

    @judge.register
    def _add_field(self, operation: operations.AddField) -> None:
        added: AnyField = operation.field
        if self.is_new(operation.model_name) or added.many_to_many:
            return
        given = getattr(added, "db_default", NOT_PROVIDED)
        if isinstance(added, models.GeneratedField):
            self.report("type", operation, "a stored generated column writes every row anew under a lock")
        elif not added.null and given is NOT_PROVIDED:
            self.report("not-null", operation, "rows that the release before writes have no value; give it db_default")
        if isinstance(given, models.Expression) and not isinstance(given, models.Value | Now):
            self.report("type", operation, "a default that is computed for each row writes every row anew under a lock")
        if added.unique or added.db_index:
            self.report("index", operation, "its index is built under a lock; add it with AddIndexOnline")

    @judge.register
    def _alter_field(self, operation: operations.AlterField) -> None:
        if self.is_new(operation.model_name):
            return
        before: AnyField = self.state.models[self.migration.app_label, operation.model_name_lower].fields[
            operation.name
        ]
        after: AnyField = operation.field
        if not keeps_type(column_type(self.field_of(operation, before)), column_type(self.field_of(operation, after))):
            self.report("type", operation, "every row is written anew under a lock; add a column beside it")
        if before.null and not after.null:
            self.report("not-null", operation, "every row is read under a lock; check it NOT VALID first")
        if (after.unique and not before.unique) or (after.db_index and not before.db_index):
            self.report("index", operation, "its index is built under a lock; add it with AddIndexOnline")

    def field_of(self, operation: operations.AlterField, field: AnyField) -> AnyField:
        """The field as its model has it, where only that knows its type; to make all models anew takes a second."""
        if field.remote_field is None and not isinstance(field, models.GeneratedField):
            return field
        app, name = self.migration.app_label, operation.model_name
        state = self.state.clone()
        operations.AlterField(name, operation.name, field).state_forwards(app, state)
        return state.apps.get_model(app, name)._meta.get_field(operation.name)

    @judge.register
    def _add_index(self, operation: operations.AddIndex) -> None:
        concurrent = isinstance(operation, AddIndexConcurrently | NotInTransactionMixin)
        if concurrent and self.migration.atomic:
            self.report("index", operation, "an index is built beside its writers only with `atomic = False`")
        elif not concurrent and not self.is_new(operation.model_name):
            self.report("index", operation, "writers wait until it is built; take AddIndexOnline")

    @judge.register
    def _add_constraint(self, operation: operations.AddConstraint) -> None:
        if not self.is_new(operation.model_name) and not isinstance(operation, AddConstraintNotValid):
            self.report("constraint", operation, "every row is read under a lock; add it NOT VALID, then validate it")

    @judge.register
    def _together(self, operation: operations.AlterUniqueTogether) -> None:
        if not self.is_new(operation.name):
            self.report("index", operation, "its index is built under a lock")

    @judge.register
    def _python(self, operation: operations.RunPython) -> None:
        own: Any = operation.atomic
        atomic = self.migration.atomic if own is None else own
        if operation.code is not operations.RunPython.noop and atomic:
            self.report(
                "data", operation, "rows are changed in one transaction; `atomic = False`, in chunks, by itself"
            )

    @judge.register
    def _sql(self, operation: operations.RunSQL) -> None:
        statements = [operation.sql] if isinstance(operation.sql, str) else list(operation.sql)
        for statement in statements:
            text = FUNCTION_BODY.sub("", statement if isinstance(statement, str) else str(statement[0]))
            for rule, pattern in PATTERNS.items():
                if pattern.search(text) and (rule != "data" or self.migration.atomic):
                    self.report(rule, operation, f"by SQL: {' '.join(text.split())[:80]}")


def column_type(field: AnyField) -> str:
    """What PostgreSQL would be told; nothing is asked of any server."""
    return str(field.db_type(DatabaseWrapper({"TIME_ZONE": None, "NAME": "", "OPTIONS": {}})) or "")


def keeps_type(before: str, after: str) -> bool:
    """Whether PostgreSQL changes the type without touching a row: the same, or a longer text."""
    lengths = {each: LENGTH.fullmatch(each) for each in (before, after)}
    shorter, longer = lengths[before], lengths[after]
    if shorter and longer:
        return int(longer[1]) >= int(shorter[1])
    return before == after or (shorter is not None and after == "text")


def faults(migration: Migration, before: ProjectState, source: str) -> list[str]:
    """What is wrong with one migration: broken rules without a waiver, and waivers that waive nothing."""
    found = Judge(migration, before.clone()).run()
    waived = {rule: reason.strip() for rule, reason in WAIVER.findall(source)}
    lines = [f"{each.rule}: {each.what}" for each in found if each.rule not in waived]
    for rule, reason in waived.items():
        if rule not in {each.rule for each in found}:
            lines.append(f"{rule}: is waived and not broken")
        elif len(reason) < SHORTEST_REASON:
            lines.append(f"{rule}: is waived without a reason that says anything")
    return lines


def check(loader: MigrationLoader, baseline: set[str], apps: set[str]) -> Iterator[str]:
    """Every finding in our own migrations that are not of the baseline, and names there that are no migration."""
    ours = {f"{app}.{name}": (app, name) for app, name in loader.disk_migrations if app in apps}
    yield from (f"{name}: is of the baseline, and not there" for name in sorted(baseline - set(ours)))
    for name in sorted(set(ours) - baseline):
        migration = loader.disk_migrations[ours[name]]
        state = loader.project_state(ours[name], at_end=False)
        source = Path(str(sys.modules[type(migration).__module__].__file__)).read_text()
        yield from (f"{name}: {each}" for each in faults(migration, state, source))


def own_apps() -> set[str]:
    """Labels of the applications whose migrations lie in this tree."""
    configs = django.apps.apps.get_app_configs()
    return {each.label for each in configs if Path(each.path).is_relative_to(ROOT) and "site-packages" not in each.path}


def main() -> int:
    """Print what is wrong; 0 when nothing is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
    django.setup()
    loader = MigrationLoader(None, ignore_no_migrations=True)
    found = list(check(loader, set(BASELINE.read_text().split()), own_apps()))
    print("\n".join([*found, f"{len(found)} findings (docs/migrations.md)"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
