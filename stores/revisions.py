"""One way to insert and to change what several people edit: unique names, versions, audit."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.base import VersionedModel
from marketplace.core.errors import DomainError
from marketplace.core.http.etags import compare_and_set

from .slugs import SlugTakenError

ResourceT = TypeVar("ResourceT", bound=VersionedModel)


def insert_with_slug(build: Callable[[str], ResourceT], slugs: Iterable[str]) -> ResourceT:
    """Insert what `build` makes with the first slug that is free. Raises `SlugTakenError` when none is."""
    tried = ""
    for slug in slugs:
        tried = slug
        resource = build(slug)
        try:
            with transaction.atomic():
                resource.save(force_insert=True)
        except IntegrityError as error:
            if not is_about(error, "slug"):
                raise
            continue
        return resource
    raise SlugTakenError(slug=tried)


def revise(
    resource: VersionedModel,
    *,
    expected_version: int | None,
    changes: Mapping[str, Any],
    actor_id: UUID | None,
    action: str,
    clash: DomainError | Mapping[str, DomainError] | None = None,
) -> dict[str, Any]:
    """Compare the version, set `changes` (by column attribute), audit; the values from before.

    Raises `StaleError`, and `clash` when a unique name is taken; by column where several may be.
    """
    before = {name: getattr(resource, name) for name in changes}
    try:
        with transaction.atomic():
            compare_and_set(resource, expected_version, **changes)
    except IntegrityError as error:
        refusal = clash if isinstance(clash, DomainError) else _refusal_about(error, clash or {})
        if refusal is None:
            raise
        raise refusal from error
    changed = {name: value for name, value in changes.items() if before[name] != value}
    audit.record(
        actor_id=actor_id,
        action=action,
        subject=resource,
        before={name: before[name] for name in changed},
        after=changed,
    )
    return before


def is_about(error: IntegrityError, column: str) -> bool:
    """Whether a unique constraint over that column was broken."""
    # Both engines name the constraint or its columns in the first line; PostgreSQL's second line has the values.
    return column in str(error).splitlines()[0]


def _refusal_about(error: IntegrityError, refusals: Mapping[str, DomainError]) -> DomainError | None:
    return next((refusal for column, refusal in refusals.items() if is_about(error, column)), None)
