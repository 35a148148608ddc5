"""Who may do what inside which department: one answer for the API and the admin.

Keys look like `catalog:read` or `inventory:write`; writing includes reading. The users context knows the
memberships and installs itself as the authority; everybody else asks here. Deny by default; being
staff opens nothing by itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet

ModelT = TypeVar("ModelT", bound=models.Model)
AnswerT = TypeVar("AnswerT")

AREAS = ("catalog", "inventory", "procurement", "questions", "promotions", "orders", "money")
KEYS = tuple(f"{area}:{verb}" for area in AREAS for verb in ("read", "write"))


class Person(Protocol):
    """What rules about access need to know of whoever asks; accounts and anonymous people both have it."""

    @property
    def pk(self) -> Any: ...
    @property
    def is_authenticated(self) -> bool: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def is_superuser(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a key reaches: everywhere, or these departments and these stores."""

    everywhere: bool = False
    departments: frozenset[UUID] = frozenset()
    stores: frozenset[UUID] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Nowhere at all."""
        return not (self.everywhere or self.departments or self.stores)

    def covers(self, *, department_id: UUID | None = None, store_id: UUID | None = None) -> bool:
        """Whether an object of that department or store is within reach."""
        return self.everywhere or department_id in self.departments or store_id in self.stores


NOWHERE = Reach()
Authority = Callable[[Any, str], Reach]
"""Asked with the signed-in account and the key."""


_authorities: list[Authority] = []


def add_authority(authority: Authority) -> None:
    """Called in `ready()`: users answers for departments, stores for merchants."""
    if authority not in _authorities:
        _authorities.append(authority)


_remembered: ContextVar[dict[Any, Any] | None] = ContextVar("remembered_reach", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Look a person up once: for the time of one page, which asks a hundred times who may see what."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def reach(user: Person, key: str) -> Reach:
    """Where `user` may use `key`. Superusers everywhere; inactive and anonymous people nowhere.

    Raises `ValueError` for a key that does not exist: a typing mistake must not quietly close (or open) a door.
    """
    if key not in KEYS:
        raise ValueError(f"unknown key {key}")
    if not user.is_authenticated or not user.is_active:
        return NOWHERE
    if user.is_superuser:
        return Reach(everywhere=True)
    return recalled(key, user, lambda: _asked(user, key))


def recalled(what: str, user: Person, read: Callable[[], AnswerT]) -> AnswerT:
    """What an authority reads of a person whichever key it is asked for; within `remembered` it is read once."""
    known = _remembered.get()
    if known is None:
        return read()
    if (user.pk, what) not in known:
        known[user.pk, what] = read()
    answer: AnswerT = known[user.pk, what]
    return answer


def _asked(user: Person, key: str) -> Reach:
    return _together([authority(user, key) for authority in _authorities])


def reach_any(user: Person, *keys: str) -> Reach:
    """Where `user` may use at least one of the keys."""
    return _together([reach(user, key) for key in keys])


def _together(parts: list[Reach]) -> Reach:
    return Reach(
        everywhere=any(part.everywhere for part in parts),
        departments=frozenset().union(*(part.departments for part in parts)),
        stores=frozenset().union(*(part.stores for part in parts)),
    )


def within(
    rows: "QuerySet[ModelT, Any]", where: Reach, *, department_path: str = "", store_path: str = ""
) -> "QuerySet[ModelT, Any]":
    """Only the rows within reach; paths lead from the row to its department and store ids."""
    if where.everywhere:
        return rows
    allowed = Q(pk__in=[])
    if department_path and where.departments:
        allowed |= Q(**{f"{department_path}__in": where.departments})
    if store_path and where.stores:
        allowed |= Q(**{f"{store_path}__in": where.stores})
    return rows.filter(allowed)
