"""The audit trail of one object, as the History page of the back office reads it aloud."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .audit import AuditEntry
from .names import short_name

PAGE_SIZE = 50
VERBS = {
    "add": gettext_lazy("Added"),
    "adjust": gettext_lazy("Adjusted"),
    "answer": gettext_lazy("Answered"),
    "apply": gettext_lazy("Applied"),
    "approve": gettext_lazy("Approved"),
    "archive": gettext_lazy("Archived"),
    "ask": gettext_lazy("Asked"),
    "call": gettext_lazy("Called off"),
    "cancel": gettext_lazy("Cancelled"),
    "change": gettext_lazy("Changed"),
    "confirm": gettext_lazy("Confirmed"),
    "correct": gettext_lazy("Corrected"),
    "create": gettext_lazy("Created"),
    "decide": gettext_lazy("Decided"),
    "delete": gettext_lazy("Deleted"),
    "deliver": gettext_lazy("Delivered"),
    "discard": gettext_lazy("Discarded"),
    "end": gettext_lazy("Ended"),
    "lose": gettext_lazy("Lost"),
    "move": gettext_lazy("Moved"),
    "pack": gettext_lazy("Packed"),
    "place": gettext_lazy("Placed"),
    "publish": gettext_lazy("Published"),
    "receive": gettext_lazy("Received"),
    "reject": gettext_lazy("Rejected"),
    "remove": gettext_lazy("Removed"),
    "reset": gettext_lazy("Reset"),
    "schedule": gettext_lazy("Scheduled"),
    "set": gettext_lazy("Set"),
    "start": gettext_lazy("Started"),
    "ship": gettext_lazy("Shipped"),
    "unpack": gettext_lazy("Unpacked"),
    "withdraw": gettext_lazy("Withdrawn"),
}
"""Generic on purpose: which values changed stands beside it, and the exact code below."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value, before and after; None where there was none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the trail."""

    at: datetime
    actor: str
    action: str
    code: str
    changes: list[Change]
    reason: str


def history_of(object_type: str, object_id: str, page: str | None) -> "Page[Any]":
    """A page of the object's trail, newest first: three queries whatever its length."""
    entries = AuditEntry.objects.filter(object_type=object_type, object_id=object_id).order_by("-pk")
    shown: Page[Any] = Paginator(entries, PAGE_SIZE).get_page(page)
    rows = list(shown.object_list)
    people = people_of(row.actor_id for row in rows)
    model = apps.get_model(object_type)
    shown.object_list = [_step(row, model, people) for row in rows]
    return shown


def people_of(actor_ids: Iterable[UUID | None]) -> dict[UUID, Any]:
    """Whoever acted, for `actor_name`. One query."""
    wanted = {each for each in actor_ids if each is not None}
    return get_user_model()._default_manager.in_bulk(wanted) if wanted else {}


def _step(entry: AuditEntry, model: type[Model], people: Mapping[UUID, Any]) -> Step:
    return Step(
        entry.at,
        actor_name(entry.actor_id, people),
        action_text(entry.action),
        entry.action,
        _changes(entry, model),
        entry.reason,
    )


def actor_name(actor_id: UUID | None, people: Mapping[UUID, Any]) -> str:
    """A colleague by name or address; customers and merchants as others see them; who is gone by id alone."""
    if actor_id is None:
        return _("the system")
    person = people.get(actor_id)
    if person is None or not person.is_active:
        return str(actor_id)
    if person.is_staff:
        return person.get_full_name() or str(person)
    return short_name(person.get_full_name()) or str(actor_id)


def action_text(action: str) -> str:
    """The verb of `context.verb_noun` in the reader's language; one that is not in the table, as it is written."""
    verb, _sep, noun = action.rpartition(".")[2].partition("_")
    return str(VERBS.get(verb, capfirst(f"{verb} {noun}".replace("_", " "))))


def _changes(entry: AuditEntry, model: type[Model]) -> list[Change]:
    names = dict.fromkeys([*entry.before, *entry.after])
    return [Change(_label(model, name), _value(entry.before, name), _value(entry.after, name)) for name in names]


def _label(model: type[Model], name: str) -> str:
    try:
        return capfirst(str(model._meta.get_field(name.removesuffix("_id")).verbose_name))  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        return name.replace("_", " ")


def _value(values: dict[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    return "—" if value in (None, "") else str(value)
