"""Erasing a person: each context registers what forbids it and what it forgets.

The books stay: ledgers, orders and audit entries know a person only by id, and the id stops leading
to anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction


@dataclass(frozen=True, slots=True)
class Eraser:
    """One context's part. `guard` raises a `DomainError` where the person must not leave yet."""

    context: str
    guard: Callable[[UUID], None]
    erase: Callable[[UUID], None]


_ERASERS: dict[str, Eraser] = {}


def register(context: str, *, guard: Callable[[UUID], None], erase: Callable[[UUID], None]) -> None:
    """Called in an app's `ready()`."""
    _ERASERS[context] = Eraser(context, guard, erase)


@transaction.atomic
def erase_person(user_id: UUID) -> None:
    """Ask every guard, then let every context forget. One refusal and nothing is forgotten.

    The higher contexts are asked and forget first (they registered last), the person's own row goes at the end: as
    locks are taken.
    """
    for eraser in reversed(_ERASERS.values()):
        eraser.guard(user_id)
    for eraser in reversed(_ERASERS.values()):
        eraser.erase(user_id)


def registered_contexts() -> frozenset[str]:
    """Which contexts have spoken (a guard test compares)."""
    return frozenset(_ERASERS)
