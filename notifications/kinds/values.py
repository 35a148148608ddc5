"""What a row of the table of kinds is made of."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise

from marketplace.core.events import Event

from .channels import OUTSIDE, Channel

Params = dict[str, Any]

IN_INBOX: Final = (Channel.INBOX,)
"""Facts about money and orders: the inbox is where they can be read later, so they are always there."""
IN_INBOX_AND_MAIL: Final = (Channel.INBOX, Channel.EMAIL)
"""Money that left or came back: also outside the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An event that is about one person: who, about what (same subject, same message), and what the words need.

    With `staff_permission` it is for everybody of the house who has it, with `people` for whom it names; a `customer`
    of None tells nobody.
    """

    event: type[Event]
    customer: Callable[[Any], UUID | None] = lambda _event: None
    staff_permission: str = ""
    people: Callable[[Any], Collection[UUID]] | None = None
    subject: Callable[[Any], object]
    params: Callable[[Any], Params] = lambda _event: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of message. Without a `cause` the code that tells it decides when (an audience, staff).

    `by_mail` and `by_push` say what goes out unless the customer says otherwise; text messages cost money and come only
    to who asks for them. On the `required` channels nobody can switch it off. What `may_wait` goes into the digest of
    customers who have one.
    """

    code: str
    name: str | Promise
    title: str | Promise
    body: str | Promise
    by_mail: bool = False
    by_push: bool = False
    may_wait: bool = False
    required: tuple[Channel, ...] = ()
    cause: Cause | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Besides the inbox, whatever anybody may ask for: who gets it where is decided when it goes out."""
        return OUTSIDE

    @property
    def is_for_house(self) -> bool:
        """Whether it is told to people who work here, by a permission or by their keys."""
        return self.cause is not None and (bool(self.cause.staff_permission) or self.cause.people is not None)

    def is_required_on(self, channel: str) -> bool:
        """Whether nobody can switch it off there."""
        return channel in self.required

    def is_on_by_default(self, channel: str) -> bool:
        """What the table says where the customer has said nothing."""
        defaults = {Channel.INBOX.value: True, Channel.EMAIL.value: self.by_mail, Channel.PUSH.value: self.by_push}
        return self.is_required_on(channel) or defaults.get(channel, False)
