"""Slugs: given by a person and unique, or made from a name until one is free."""

from collections.abc import Iterator

from django.utils.text import slugify

from marketplace.core.errors import DomainError, gettext_noop
from marketplace.core.ids import uuid7


class SlugTakenError(DomainError):
    """Another object has this slug."""

    code = "slug_taken"
    message = gettext_noop("The slug “%(slug)s” is taken.")


def slug_candidates(*, given: str, name: str, fallback: str, max_length: int) -> Iterator[str]:
    """The slugs to try, in order: the given one only, or one from the name and then some with a random end."""
    if given:
        yield given
        return
    base = slugify(name)[: max_length - 7].strip("-_") or fallback
    yield base
    for _attempt in range(3):
        yield f"{base}-{uuid7().hex[-6:]}"
