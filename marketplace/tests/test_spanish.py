"""With Spanish switched on, every text that code makes differs from its English.

Words that are the same in both stand in `ALIKE`; what cannot be told otherwise in `LEFT_OUT`, each with its reason.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import Field
from django.urls import reverse
from django.utils import translation

from marketplace.core.errors import DomainError, ErrorKind
from marketplace.core.http import problems
from notifications.kinds.table import KINDS
from scripts.messages import PACKAGES, ROOT

pytestmark = pytest.mark.once

ALIKE = {
    "CSV", "PDF", "XLSX", "SKU", "id", "ID", "push", "Push", "error", "popular", "total", "Total", "iPhone", "Android",
    "OpenGraph", "Webhook", "webhook", "robots.txt", "English", "Español",
}  # fmt: skip
LEFT_OUT = {
    "core.OutboxEvent.event_id": "to be named with the next migration of core",
    "core.EventDelivery.event": "to be named with the next migration of core",
    "django_celery_beat.PeriodicTask.scheduler": "the package names its columns after its methods",
    "django_celery_beat.PeriodicTask.crontab_translation": "likewise",
    "django_celery_beat.PeriodicTask.task": "likewise",
    "django_celery_beat.CrontabSchedule.__str__": "likewise",
    "django_celery_beat.CrontabSchedule.human_readable": "likewise",
}

Text = tuple[str, Callable[[], Any]]


def untranslated(texts: Iterator[Text]) -> list[str]:
    """Those that are the same in both languages, `where: text`."""
    found = []
    for where, text in texts:
        said = []
        for language in ("en", "es"):
            with translation.override(language):
                said.append(str(text()))
        words = re.sub(r"%\(\w+\)s", "", said[0])
        is_alike = said[0] in ALIKE or where in LEFT_OUT or not re.search(r"[^\W\d_]{2,}", words)
        if said[0] == said[1] and not is_alike:
            found.append(f"{where}: {said[0]}")
    return found


def refusals(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in kind.__subclasses__():
        if each.__module__.split(".")[0] in PACKAGES and "tests" not in each.__module__.split("."):
            yield each
        yield from refusals(each)


def test_a_text_that_is_not_translated_is_found():
    assert untranslated(iter([("planted", lambda: "Not in any catalogue")])) == ["planted: Not in any catalogue"]


def test_every_refusal_is_said_in_spanish():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("errors.py"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    kinds: set[type[DomainError]] = {DomainError, *refusals(DomainError)}
    texts = ((kind.__qualname__, partial(translation.gettext, kind.message)) for kind in kinds if kind.message)

    assert len(kinds) > 200
    assert untranslated(texts) == []


def test_every_title_of_a_problem_is_said_in_spanish():
    def titled(status: int) -> Callable[[], Any]:
        return lambda: problems.problem(status, "x", "")["title"]

    assert untranslated((str(status), titled(status)) for status in problems.TITLES) == []
    assert {kind.value for kind in ErrorKind} <= set(problems.TITLES)


def test_every_kind_of_notification_is_said_in_spanish():
    def texts() -> Iterator[Text]:
        for kind in KINDS.values():
            for name in ("name", "title", "body"):
                yield f"{kind.code}.{name}", partial(getattr, kind, name)

    assert untranslated(texts()) == []


def test_every_choice_and_every_name_of_what_the_back_office_shows():
    def texts() -> Iterator[Text]:
        for model in admin.site._registry:
            yield model._meta.label, partial(getattr, model._meta, "verbose_name")
            yield f"{model._meta.label} (many)", partial(getattr, model._meta, "verbose_name_plural")
        for model in apps.get_models():
            if model.__module__.split(".")[0] not in PACKAGES:
                continue
            for field in model._meta.get_fields():
                if not isinstance(field, Field):
                    continue
                yield f"{field}: help", partial(getattr, field, "help_text")
                for place in range(len(field.choices or ())):
                    yield f"{field}: choice", partial(choice, field, place)

    assert reverse("admin:index")  # the site is filled by now
    assert untranslated(texts()) == []


def choice(field: Any, place: int) -> Any:
    return field.choices[place][1]


def label(field: Any) -> Any:
    return field.label or ""


def labels(shown: Any, model: Any) -> Iterator[Text]:
    """Columns, fields to read, headings and filters of an admin or an inline."""
    fields = getattr(shown.form, "declared_fields", {})
    declared = set(fields)
    for name, field in fields.items():
        yield f"{model._meta.label}.{name}: label", partial(label, field)
        yield f"{model._meta.label}.{name}: help", partial(getattr, field, "help_text")
    names = {*getattr(shown, "list_display", ()), *shown.readonly_fields} - {"action_checkbox"}
    for title, options in shown.fieldsets or ():
        yield f"{model._meta.label}: heading", partial(str, title or "")
        names |= {each for each in options["fields"] if isinstance(each, str)} - declared
    names |= {each for each in shown.fields or () if isinstance(each, str)} - declared
    if not shown.fieldsets and not shown.fields:
        names |= {field.name for field in model._meta.fields if field.editable} - set(shown.exclude or ())
    for name in sorted(each for each in names if isinstance(each, str)):
        if is_shown(shown, model, name):
            yield f"{model._meta.label}.{name}", partial(label_for_field, name, model, shown)
    for each in getattr(shown, "list_filter", ()):
        kind = each[0] if isinstance(each, tuple | list) else each
        if isinstance(kind, type):
            yield f"{model._meta.label}: {kind.__name__}", partial(getattr, kind, "title", "")


def is_shown(shown: Any, model: Any, name: str) -> bool:
    """Not what only a form has (`expected_version`)."""
    return hasattr(model, name) or hasattr(shown, name) or name == "__str__"


def test_every_column_heading_and_filter_of_the_back_office_is_said_in_spanish():
    def texts() -> Iterator[Text]:
        for model, shown in admin.site._registry.items():
            yield from labels(shown, model)
            for inline in shown.inlines:
                made = inline(model, admin.site)
                yield from labels(made, made.model)
            page: Any = shown
            for _run, name, words in page._get_base_actions():
                yield f"{model._meta.label}: {name}", partial(str, words)

    assert reverse("admin:index")
    assert len(admin.site._registry) > 100
    assert untranslated(texts()) == []
