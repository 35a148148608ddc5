"""What the shop keeps about a person, as files: each context says in which tables, and which columns it tells.

The counterpart of `core.erasure`. What somebody else said or did, secrets, and what is derived from told rows stay out;
`UNTOLD` names each such table with its reason, and a guard test holds the two lists against the models.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import IO, Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q, QuerySet

from .audit import AuditEntry

ROWS_AT_ONCE: Final = 2_000
READ_ME: Final = """\
What this shop keeps about you, as of {at}.
Lo que esta tienda guarda sobre ti, con fecha {at}.

One file per table, JSON: a list with an object per row. `manifest.json` counts them. Amounts whose name ends in
`_minor` are in hundredths of their currency; moments carry their offset from UTC.

Un archivo por tabla, en JSON: una lista con un objeto por fila. `manifest.json` los cuenta. Los importes cuyo nombre
termina en `_minor` están en centésimas de su moneda; los momentos llevan su diferencia con UTC.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A model's rows about a person.

    `people`: the lookups, any of which leads to the person's id. `columns`: what is told, lookups across keys included.
    `only`: of which rows, where the model also has others.
    """

    name: str
    model: type[models.Model]
    people: tuple[str, ...]
    columns: tuple[str, ...]
    only: Mapping[str, Any] = field(default_factory=dict)

    def rows_of(self, user_id: UUID) -> "QuerySet[Any, dict[str, Any]]":
        """The rows, oldest key first."""
        # A text column holds ids as text.
        theirs = reduce(or_, (Q(**{lookup: user_id}) for lookup in self.people))
        return self.model._default_manager.filter(theirs, **self.only).order_by("pk").values(*self.columns)


_TABLES: dict[str, tuple[Table, ...]] = {}
_UNTOLD: dict[str, str] = {}


def register(context: str, tables: tuple[Table, ...], *, untold: Mapping[str, str] | None = None) -> None:
    """Called in an app's `ready()`. `untold`: labels of models that know people and are not told, with the reason."""
    _TABLES[context] = tables
    _UNTOLD.update(untold or {})


def registered_tables() -> dict[str, tuple[Table, ...]]:
    """The tables by context (guard tests walk over them)."""
    return dict(_TABLES)


def untold_models() -> dict[str, str]:
    """Which models are left out, and why (a guard test compares)."""
    return dict(_UNTOLD)


def write_archive(target: IO[bytes], user_id: UUID, *, at: datetime) -> dict[str, int]:
    """Write a ZIP with everything about the person into `target`; the number of rows by file.

    Rows are read a few at a time and written as they come: memory does not grow with the person's history.
    """
    counts: dict[str, int] = {}
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", READ_ME.format(at=at.isoformat(timespec="seconds")))
        for context, tables in _TABLES.items():
            for table in tables:
                name = f"{context}/{table.name}.json"
                with archive.open(name, "w", force_zip64=True) as file:
                    counts[name] = _write_rows(file, table.rows_of(user_id))
        manifest = {"person": str(user_id), "at": at.isoformat(), "rows": counts}
        archive.writestr("manifest.json", json.dumps(manifest, indent=2))
    return counts


def _write_rows(file: IO[bytes], rows: "QuerySet[Any, dict[str, Any]]") -> int:
    count = 0
    file.write(b"[")
    for text in _texts(rows):
        file.write((b",\n" if count else b"\n") + text)
        count += 1
    file.write(b"\n]\n")
    return count


def _texts(rows: "QuerySet[Any, dict[str, Any]]") -> Iterator[bytes]:
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


# The core's own. Acts in the house's name are the actor's data as well; what was changed by them is the house's.
ACTS = Table("acts", AuditEntry, ("actor_id",), ("at", "action", "object_type", "object_id", "reason"))
ABOUT = Table(
    "acts_on_the_account",
    AuditEntry,
    ("object_id",),
    ("at", "action", "before", "after"),
    {"object_type": "users.user"},
)
UNTOLD: Final = {
    "core.IdempotencyKey": "copies of answers, kept for a day",
}
register("core", (ABOUT, ACTS), untold=UNTOLD)
