"""Reads of what people want to be told."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from notifications.kinds.channels import Channel
from notifications.kinds.table import KINDS
from notifications.kinds.values import Kind

from .models import Preference, QuietHours


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind over one channel, as it stands for one customer."""

    channel: str
    is_on: bool
    is_default: bool
    is_required: bool


@dataclass(frozen=True, slots=True)
class KindChoices:
    """A row of the customer's table."""

    kind: Kind
    choices: tuple[Choice, ...]


def wanted(kind: str, channel: str, customer_ids: Collection[UUID]) -> set[UUID]:
    """Who of these customers gets that kind over that channel: the table of kinds, but for their own word. One query
    at most. A kind that this version does not know is in the inbox only."""
    row, everybody = KINDS.get(kind), set(customer_ids)
    if row is None:
        return everybody if channel == Channel.INBOX else set()
    if row.is_required_on(channel):
        return everybody
    is_on = row.is_on_by_default(channel)
    deviating = set(
        Preference.objects.filter(kind=kind, channel=channel, is_on=not is_on, customer__in=everybody).values_list(
            "customer", flat=True
        )
    )
    return everybody - deviating if is_on else deviating


def channels_wanted(kind: str, customer_id: UUID) -> set[str]:
    """The channels over which one customer gets that kind; one query."""
    row = KINDS[kind]
    said = dict(Preference.objects.filter(customer=customer_id, kind=kind).values_list("channel", "is_on"))
    return {channel for channel in Channel.values if _is_on(row, channel, said.get(channel))}


def opted_in(kind: str, channel: str) -> "QuerySet[Preference, Preference]":
    """The words of customers who asked for that kind over that channel."""
    return Preference.objects.filter(kind=kind, channel=channel, is_on=True)


def quiet_hours_of(customer_ids: Collection[UUID]) -> dict[UUID, QuietHours]:
    """Quiet hours and digest of those who have set any; one query."""
    return {hours.customer: hours for hours in QuietHours.objects.filter(customer__in=customer_ids)}


def table_of(customer_id: UUID, *, with_house: bool) -> Iterator[KindChoices]:
    """Every kind a customer may be told, over every channel; of the house's kinds only `with_house`. One query."""
    rows = Preference.objects.filter(customer=customer_id).values_list("kind", "channel", "is_on")
    said = {(kind, channel): is_on for kind, channel, is_on in rows}
    for row in KINDS.values():
        if with_house or not row.is_for_house:
            choices = (_choice(row, channel, said.get((row.code, channel))) for channel in Channel.values)
            yield KindChoices(row, tuple(choices))


def _choice(row: Kind, channel: str, said: bool | None) -> Choice:
    is_on = _is_on(row, channel, said)
    return Choice(channel, is_on, is_on == row.is_on_by_default(channel), row.is_required_on(channel))


def _is_on(row: Kind, channel: str, said: bool | None) -> bool:
    # A word from before the kind became required counts no more.
    return row.is_on_by_default(channel) if said is None or row.is_required_on(channel) else said
