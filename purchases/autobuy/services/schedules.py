"""Schedules: when something of a list, or one gift, is to be bought."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from links import facade as links
from marketplace.core.clock import db_now, platform_day
from marketplace.core.errors import InvalidInputError
from marketplace.core.money import Money
from purchases.autobuy.errors import GiftNotFoundError, ScheduleNotFoundError, TooManySchedulesError
from purchases.autobuy.models import AutoPurchase, Plan, Schedule
from purchases.autobuy.moments import moment_of

from .plans import locked_plan, touch

MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What has to come true: one of the kinds, with its own values."""

    kind: str
    starts_on: date | None = None
    every_days: int | None = None
    target: Money | None = None
    keep: Money | None = None


@transaction.atomic
def add_schedule(
    *,
    customer_id: UUID,
    trigger: Trigger,
    at: datetime,
    gift_list_id: UUID | None = None,
    gift_id: UUID | None = None,
    is_enabled: bool = True,
) -> Schedule:
    """Have a list's gifts, or one gift, bought by that rule. The engine looks at once.

    Raises `GiftNotFoundError` for what is not the customer's own, `InvalidInputError` for a day that is over,
    `TooManySchedulesError`, `ValueError` for both or neither.
    """
    if (gift_list_id is None) == (gift_id is None):
        raise ValueError("a schedule is about a list, or about a gift")
    own = links.gifts_owned_by(
        customer_id=customer_id,
        gift_ids=[] if gift_id is None else [gift_id],
        list_ids=[] if gift_list_id is None else [gift_list_id],
    )
    if not own:
        raise GiftNotFoundError
    _expect_days_to_come(trigger, at)
    plan = locked_plan(customer_id)
    if plan.schedules.count() >= MOST:
        raise TooManySchedulesError(limit=MOST)
    schedule = Schedule(plan=plan, gift_list_id=gift_list_id, gift_id=gift_id, is_enabled=is_enabled)
    _set(schedule, trigger)
    schedule.save(force_insert=True)
    _look(plan, at)
    return schedule


@transaction.atomic
def change_schedule(
    *,
    customer_id: UUID,
    schedule_id: UUID,
    at: datetime,
    trigger: Trigger | None = None,
    is_enabled: bool | None = None,
) -> Schedule:
    """Another rule, or the switch. A new rule begins anew; the switch leaves turns as they are.

    Raises `ScheduleNotFoundError` (also for another's), `InvalidInputError` for a day that is over.
    """
    plan, schedule = _locked(customer_id, schedule_id)
    if trigger is not None:
        _expect_days_to_come(trigger, at)
        _set(schedule, trigger)
    if is_enabled is not None:
        schedule.is_enabled = is_enabled
    schedule.save()
    _look(plan, at)
    return schedule


@transaction.atomic
def remove_schedule(*, customer_id: UUID, schedule_id: UUID, at: datetime) -> None:
    """What it has bought stays in the history, and its open questions are over.

    Raises `ScheduleNotFoundError` (also for another's).
    """
    plan, schedule = _locked(customer_id, schedule_id)
    asked = AutoPurchase.objects.filter(schedule=schedule, state=AutoPurchase.State.ASKED)
    asked.update(state=AutoPurchase.State.LAPSED, ended_at=at, updated_at=db_now())
    schedule.delete()
    _look(plan, at)


def _locked(customer_id: UUID, schedule_id: UUID) -> tuple[Plan, Schedule]:
    plan = locked_plan(customer_id)
    schedule = plan.schedules.filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFoundError
    return plan, schedule


def _look(plan: Plan, at: datetime) -> None:
    plan.due_at = at
    touch(plan, "due_at")


def _expect_days_to_come(trigger: Trigger, at: datetime) -> None:
    if trigger.starts_on is not None and trigger.starts_on < platform_day(at):
        raise InvalidInputError.of("rule", "past", _("The day is over."))


def _set(schedule: Schedule, trigger: Trigger) -> None:
    """Exactly the rule's own values; others are emptied."""
    money = trigger.target or trigger.keep
    schedule.kind, schedule.starts_on, schedule.every_days = trigger.kind, trigger.starts_on, trigger.every_days
    schedule.target_minor = None if trigger.target is None else trigger.target.minor
    schedule.keep_minor = None if trigger.keep is None else trigger.keep.minor
    schedule.currency = "" if money is None else money.currency
    schedule.next_at = None if trigger.starts_on is None else moment_of(trigger.starts_on)
