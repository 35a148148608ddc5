"""A customer's plan as a whole."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, enter, lock, note_locked
from purchases.autobuy.errors import ChangedMeanwhileError
from purchases.autobuy.models import Plan
from users import facade as users


@transaction.atomic
def change_plan(*, customer_id: UUID, changes: dict[str, Any], at: datetime) -> Plan:
    """Set the switch (`is_enabled`), the approval window (`ask_hours`), where goods go (`address_id`).

    Raises `AddressNotFoundError` for an address that is not the customer's.
    """
    address_id = changes.get("address_id")
    if address_id is not None and users.address_snapshot(customer_id, address_id) is None:
        raise users.AddressNotFoundError
    plan = locked_plan(customer_id)
    for name in changes.keys() & {"is_enabled", "ask_hours", "address_id"}:
        setattr(plan, name, changes[name])
    plan.due_at = at
    touch(plan, "is_enabled", "ask_hours", "address_id", "due_at")
    return plan


def locked_plan(customer_id: UUID) -> Plan:
    """The customer's plan under its lock; written where there is none yet, once however many ask at once."""
    Plan.objects.bulk_create([Plan(customer_id=customer_id)], ignore_conflicts=True)
    return lock(LockRank.PLAN, Plan.objects.filter(customer=customer_id))[0]


def take_as_read(plan: Plan) -> None:
    """Lock the plan if it is still as the engine has read it, and leave another version: one statement.

    Raises `ChangedMeanwhileError` when it was switched off, or its schedules or turns are others by now.
    """
    enter(LockRank.PLAN)
    same = Plan.objects.filter(pk=plan.pk, version=plan.version, is_enabled=True)
    if not same.update(version=F("version") + 1, updated_at=db_now()):
        raise ChangedMeanwhileError
    note_locked(LockRank.PLAN, Plan, plan.pk)


def touch(plan: Plan, *names: str) -> None:
    """Write these fields of a locked plan; who has read it before finds another version."""
    plan.version += 1
    plan.save(update_fields=[*names, "version", "updated_at"])
