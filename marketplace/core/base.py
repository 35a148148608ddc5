"""Base of the models that are resources of the API."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .ids import uuid7


class MomentField(models.DateTimeField):  # type: ignore[type-arg]  # the stubs' parameters are inferred
    """A moment that every resource has. Its words are no part of the schema: to migrations it is Django's field."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        return _without_words(super().deconstruct(), "DateTimeField")


class VersionField(models.PositiveIntegerField):  # type: ignore[type-arg]
    """Likewise, of a version."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        return _without_words(super().deconstruct(), "PositiveIntegerField")


def _without_words(
    parts: tuple[str, str, Sequence[Any], dict[str, Any]], kind: str
) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
    name, _path, args, options = parts
    return name, f"django.db.models.{kind}", args, {key: options[key] for key in options if key != "verbose_name"}


class UUIDModel(models.Model):
    """A UUIDv7 key and the two moments every resource has."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = MomentField(_("created at"), auto_now_add=True, editable=False)
    updated_at = MomentField(_("updated at"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class VersionedModel(UUIDModel):
    """A resource that staff edit side by side: `version` is its ETag, compared and set on each write."""

    version = VersionField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True
