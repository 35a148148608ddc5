"""What a row of the table of kinds is made of."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from marketplace.core.events import Event

from .channels import Channel

Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An event that is about one person: who, about what (same subject, same message), and what the words need.

    With `staff_permission` it is for everybody of the house who has it, with `people` for whom it names; a `customer`
    of None tells nobody.
    """

    event: type[Event]
    customer: Callable[[Any], UUID | None] = lambda _event: None
    staff_permission: str = ""
    people: Callable[[Any], Collection[UUID]] = lambda _event: ()
    subject: Callable[[Any], object]
    params: Callable[[Any], Params] = lambda _event: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of message. Without a `cause` the code that tells it decides when (an audience, staff)."""

    code: str
    title: str | Promise
    body: str | Promise
    by_mail: bool = False
    by_push: bool = False
    cause: Cause | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Besides the inbox, unless the customer says otherwise."""
        return (*((Channel.EMAIL.value,) if self.by_mail else ()), *((Channel.PUSH.value,) if self.by_push else ()))
