"""The engine: takes plans that are due, decides over each, does it, and leaves a record of every gift it considered.

Plans are taken by a lease: their `due_at` is moved on, so that another engine passes them by, and what a killed one had
is taken up again. What is read set-wise is looked at again under the plan's lock before anything is bought.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from links import facade as links
from marketplace.core.errors import DomainError
from marketplace.core.locking import LockRank, enter, is_lock_timeout, is_unavailable
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish_all
from purchases.autobuy import outcomes
from purchases.autobuy.deciding import LOOK_AGAIN, decide
from purchases.autobuy.models import Plan, Run
from purchases.autobuy.moments import following_moment
from purchases.autobuy.scene import views_of
from purchases.autobuy.values import ACTIONS, Decision, Verdict, View
from purchases.events import AutoPurchaseShort

from .buying import ask, buy
from .recording import entry

logger = logging.getLogger(__name__)

CHUNK: Final = 250
LEASE: Final = timedelta(minutes=10)
"""Longer than a chunk takes, also when every plan of it buys."""
SOON: Final = timedelta(minutes=1)
_REFUSALS: Final = {
    "items_unavailable": outcomes.OUT_OF_STOCK,
    "insufficient_stock": outcomes.OUT_OF_STOCK,
    "address_needed": outcomes.ADDRESS_NEEDED,
    "address_not_found": outcomes.ADDRESS_NEEDED,
    "delivery_address_needed": outcomes.ADDRESS_NEEDED,
    "changed_meanwhile": outcomes.CHANGED,
    "gift_list_closed": outcomes.CHANGED,
    "gift_not_wanted": outcomes.CHANGED,
    "purchase_under_way": outcomes.UNDER_WAY,
}


@dataclass(frozen=True, slots=True)
class _Looked:
    """A plan that was looked at, and what came of it."""

    plan: Plan
    view: View
    verdicts: tuple[Verdict, ...]

    @property
    def bought(self) -> int:
        return sum(verdict.outcome == outcomes.BOUGHT for verdict in self.verdicts)

    @property
    def short(self) -> Verdict | None:
        """What was next in line and could not be paid."""
        lacking = (outcomes.SHORT, outcomes.WEEKLY_LIMIT)
        return next((verdict for verdict in self.verdicts if verdict.outcome in lacking), None)


def run_due_plans(*, at: datetime, limit: int = CHUNK) -> int:
    """Look at the next plans that are due; how many. Zero: nothing is due. Harmless twice, also at the same time."""
    lease = at + LEASE
    plans = _take(at, lease, limit)
    if not plans:
        return 0
    views = views_of(plans, at=at)
    looked: list[_Looked] = []
    try:
        looked.extend(_look_at(plan, views[plan.pk], at) for plan in plans)
    finally:
        _note(looked, at, lease)  # what was bought is on record, also when the database is lost in the middle
    return len(plans)


@transaction.atomic
def _take(at: datetime, lease: datetime, limit: int) -> list[Plan]:
    enter(LockRank.PLAN)
    due = Plan.objects.filter(is_enabled=True, due_at__lte=at).order_by("due_at", "pk")
    skips = connection.features.has_select_for_update_skip_locked
    plans = list(due.select_for_update(skip_locked=skips, no_key=True)[:limit])
    Plan.objects.filter(pk__in=[plan.pk for plan in plans]).update(due_at=lease)
    return plans


def _look_at(plan: Plan, view: View, at: datetime) -> _Looked:
    """One plan that fails does not keep the others waiting; only a lost database is passed on."""
    done: dict[UUID, Verdict] = {}
    decision = Decision(())
    try:
        decision = decide(view)
        while (todo := decision.next_action(done)) is not None:
            done[todo.gift_id] = _try(plan, todo, at, may_owe=view.is_helped or bool(done))
            decision = decide(view, done)
    except Exception as error:
        if is_unavailable(error) and not is_lock_timeout(error):
            raise
        logger.exception("plan failed", extra={"plan": str(plan.pk)})
        return _Looked(plan, view, tuple(done.values()))
    return _Looked(plan, view, decision.verdicts)


def _try(plan: Plan, todo: Verdict, at: datetime, *, may_owe: bool) -> Verdict:
    try:
        if todo.outcome == outcomes.BOUGHT:
            made = buy(plan=plan, verdict=todo, at=at, may_owe=may_owe)
            return replace(todo, cost=made.held, params={"cost": made.held}, purchase_id=made.pk)
        made = ask(plan=plan, verdict=todo, at=at)
        return replace(todo, params={**todo.params, "answer_by": made.answer_by}, purchase_id=made.pk)
    except DomainError as error:
        return _refused(todo, error, at)


def _refused(todo: Verdict, error: DomainError, at: datetime) -> Verdict:
    params, missing, look_at = dict[str, Any](), None, None
    outcome = _REFUSALS.get(error.code, outcomes.REFUSED)
    if error.code == "insufficient_funds":
        outcome, missing = outcomes.SHORT, Money.parse(error.params["missing"], error.params["currency"])
        params = {"missing": missing}
    elif error.code == "weekly_limit_exceeded":
        left = Money.parse(error.params["left"], error.params["currency"])
        cost = todo.cost if todo.cost is not None else left
        outcome, params, missing = outcomes.WEEKLY_LIMIT, {"left": left, "cost": cost}, cost - left
    elif outcome == outcomes.REFUSED:
        params = {"reason": error.code}
    if outcome in {outcomes.OUT_OF_STOCK, outcomes.REFUSED}:
        look_at = at + LOOK_AGAIN
    elif outcome == outcomes.CHANGED:
        look_at = at + SOON
    return replace(todo, outcome=outcome, params=params, missing=missing, look_at=look_at)


@transaction.atomic
def _note(looked: Sequence[_Looked], at: datetime, lease: datetime) -> None:
    """Records, when each plan is looked at next, who is told that money is missing: a few statements for all."""
    runs = [
        Run(
            plan=each.plan,
            cause=each.plan.cause,
            at=at,
            considered=[entry(verdict) for verdict in each.verdicts],
            bought=each.bought,
        )
        for each in looked
        if each.verdicts
    ]
    _read_pages_soon(looked)
    _tell_short(looked, at)
    Run.objects.bulk_create(runs)
    by_moment: dict[datetime | None, list[UUID]] = defaultdict(list)
    for each in looked:
        by_moment[_next_look(each, at)].append(each.plan.pk)
    for moment, ids in by_moment.items():
        # Who was woken meanwhile has another moment than the lease's by now, and keeps it.
        Plan.objects.filter(pk__in=ids, due_at=lease).update(due_at=moment, ran_at=at, cause="schedule")


def _next_look(looked: _Looked, at: datetime) -> datetime | None:
    moments = [verdict.look_at for verdict in looked.verdicts if verdict.look_at is not None]
    moments += [rule.next_at for rule in looked.view.rules if rule.next_at is not None and rule.next_at > at]
    moments += _turns_to_come(looked, at)
    if looked.view.wishes and not looked.verdicts:
        moments.append(at + LOOK_AGAIN)  # it failed
    return min(moments, default=None)


def _turns_to_come(looked: _Looked, at: datetime) -> Iterable[datetime]:
    """Of the intervals that have bought or asked just now."""
    for verdict in looked.verdicts:
        rule = verdict.rule
        if verdict.outcome in ACTIONS and rule is not None and rule.starts_on is not None and rule.every_days:
            yield following_moment(starts_on=rule.starts_on, every_days=rule.every_days, after=at)


def _read_pages_soon(looked: Iterable[_Looked]) -> None:
    """Prices that were too old to buy at."""
    old = (verdict for each in looked for verdict in each.verdicts if verdict.outcome == outcomes.TOO_OLD)
    pages = {verdict.wish.gift.page_id for verdict in old if verdict.wish.gift.page_id is not None}
    if pages:
        links.read_pages_soon(pages)


def _tell_short(looked: Iterable[_Looked], at: datetime) -> None:
    """Once for a gift and a reason, until that is no longer so."""
    told, quiet, events = list[Plan](), list[UUID](), list[AutoPurchaseShort]()
    for each in looked:
        short = each.short
        if short is None or short.missing is None:
            if each.plan.told_short:
                quiet.append(each.plan.pk)
            continue
        name = f"{short.gift_id}:{short.outcome}"
        if name == each.plan.told_short:
            continue
        each.plan.told_short = name
        told.append(each.plan)
        events.append(
            AutoPurchaseShort(
                customer_id=each.plan.customer_id,
                gift_id=short.gift_id,
                outcome=short.outcome,
                missing=short.missing,
                noticed_at=at,
            )
        )
    if quiet:
        Plan.objects.filter(pk__in=quiet).update(told_short="")
    _remember(told)
    publish_all(events)


def _remember(told: Sequence[Plan]) -> None:
    """What these were told: one statement, where Django's own costs more than the decisions of the same plans."""
    if not told:
        return
    table, key = Plan._meta.db_table, Plan._meta.get_field("id")
    values = [value for plan in told for value in (key.get_db_prep_value(plan.pk, connection), plan.told_short)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET told_short = told.column2 "  # noqa: S608 - places only, values apart
            f"FROM (VALUES {', '.join(['(%s, %s)'] * len(told))}) AS told WHERE {table}.id = told.column1",
            values,
        )
