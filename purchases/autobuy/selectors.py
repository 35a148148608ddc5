"""Reading plans, schedules, purchases and the staff queue."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from links import facade as links
from purchases.orders.models import Order

from .errors import PurchaseNotFoundError, ScheduleNotFoundError
from .models import AutoPurchase, Plan, PurchaseTicket, Run, Schedule


def plan_of(customer_id: UUID) -> Plan:
    """The customer's plan; one that is not there yet is as it would be, unsaved."""
    return Plan.objects.filter(customer=customer_id).first() or Plan(customer_id=customer_id)


def schedules_of(customer_id: UUID) -> QuerySet[Schedule]:
    """Newest first."""
    return Schedule.objects.filter(plan__customer=customer_id).order_by("-pk")


def schedule_of(customer_id: UUID, schedule_id: UUID) -> Schedule:
    """Raises `ScheduleNotFoundError`, also for another's."""
    found = schedules_of(customer_id).filter(pk=schedule_id).first()
    if found is None:
        raise ScheduleNotFoundError
    return found


def purchases_of(customer_id: UUID) -> QuerySet[AutoPurchase]:
    """The customer's history, newest first, with what came of it in other shops."""
    return AutoPurchase.objects.filter(customer=customer_id).select_related("ticket").order_by("-pk")


def purchase_of(customer_id: UUID, purchase_id: UUID) -> AutoPurchase:
    """Raises `PurchaseNotFoundError`, also for another's."""
    found = purchases_of(customer_id).filter(pk=purchase_id).first()
    if found is None:
        raise PurchaseNotFoundError
    return found


def runs_of(customer_id: UUID) -> QuerySet[Run]:
    """What the engine considered for the customer, newest first."""
    return Run.objects.filter(plan__customer=customer_id).order_by("-pk")


def has_live_purchases(customer_id: UUID) -> bool:
    """Whether money is set aside or an order on its way because of a plan, or with what the person gave for it.

    What somebody gave may come back as long as that lasts, and there must be somebody for it to come back to.
    """
    helped = Q(pk__in=links.purchases_helped_by(customer_id), state__in=["ordered", "queued"])
    mine = Q(customer=customer_id, state__in=["asked", "ordered", "queued"])
    return AutoPurchase.objects.filter(mine | helped).exists()


def helped_by_pots(customer_ids: Collection[UUID]) -> set[UUID]:
    """Those of them with an order that is under way, or not known to be over, and that pots helped to pay."""
    helped = AutoPurchase.objects.filter(customer__in=customer_ids, state="ordered", from_pots_minor__gt=0)
    return set(helped.values_list("customer_id", flat=True))


def owes_pots(customer_id: UUID) -> bool:
    """Whether the refund of an order that pots helped to pay is in the wallet, and has not gone back to them yet."""
    over = AutoPurchase.objects.filter(customer=customer_id, state="ordered", from_pots_minor__gt=0)
    return over.filter(order__state__in=[Order.State.CANCELLED, Order.State.EXPIRED]).exists()


def tickets() -> QuerySet[PurchaseTicket]:
    """The staff queue, with what a row of it shows."""
    return PurchaseTicket.objects.select_related("purchase__customer", "claimed_by")


def is_due(at: datetime) -> bool:
    """Whether the engine has something to look at."""
    return Plan.objects.filter(is_enabled=True, due_at__lte=at).exists()
