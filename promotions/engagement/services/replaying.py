"""Signals made anew: under another half-life, or other weights, every sum is what it would have been all along."""

from typing import NamedTuple

from django.db import connection, transaction

from marketplace.core.audit import record
from promotions.engagement import decay
from promotions.engagement.models import (
    CustomerInterest,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventKind,
    ProductSignal,
)
from promotions.engagement.selectors import policy_in_force, product_table
from promotions.engagement.statements import VIEWS_PER_HOUR, weight_of

from .draining import policy_values


class Replayed(NamedTuple):
    """How many rows there are now."""

    signals: int
    interests: int


@transaction.atomic
def set_policy(*, policy: EngagementPolicy, actor_id: object = None) -> EngagementPolicy:
    """From now on events weigh as this unsaved policy says. What is summed already was weighed as before: replay."""
    old = policy_in_force()
    names = ["half_life_hours", "weight_view", "weight_click", "weight_cart", "weight_purchase"]
    made = EngagementPolicy.objects.create(**{name: getattr(policy, name) for name in names})
    record(
        actor_id=actor_id,  # type: ignore[arg-type]
        action="promotions.set_engagement_policy",
        subject=made,
        before={name: getattr(old, name) for name in names},
        after={name: getattr(made, name) for name in names},
    )
    return made


@transaction.atomic
def replay_signals(*, half_life_hours: float | None = None) -> Replayed:
    """Make products' signals anew from the hours, customers' interests from the events that are kept.

    With another half-life, as of the same moment. Drains wait meanwhile (PostgreSQL), so that nothing is missed and
    nothing counts twice.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute(f"LOCK TABLE {ProductSignal._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        policy = policy_in_force()
        if half_life_hours is not None:
            policy.half_life_hours = half_life_hours
            policy = set_policy(policy=policy)
        ProductSignal.objects.all().delete()
        cursor.execute(_signals(), policy_values(policy))
        CustomerInterest.objects.all().delete()
        cursor.execute(_interests(), policy_values(policy))
    return Replayed(signals=ProductSignal.objects.count(), interests=CustomerInterest.objects.count())


def _signals() -> str:
    click, impression = int(EventKind.CLICK), int(EventKind.IMPRESSION)
    return f"""
        INSERT INTO {ProductSignal._meta.db_table} (product_id, weight, impressions, clicks, moment)
        SELECT h.product_id, sum({weight_of("h.kind")} * h.counted * {_left()}),
               sum(CASE h.kind WHEN {impression} THEN h.count ELSE 0 END * {_left()}),
               sum(CASE h.kind WHEN {click} THEN h.exposed ELSE 0 END * {_left()}), l.moment
        FROM {EngagementHourly._meta.db_table} h
        JOIN (SELECT product_id, max(bucket) AS moment FROM {EngagementHourly._meta.db_table} GROUP BY product_id) l
          ON l.product_id = h.product_id
        GROUP BY h.product_id, l.moment
    """  # noqa: S608 - names written here


def _interests() -> str:
    view, impression = int(EventKind.VIEW), int(EventKind.IMPRESSION)
    event = EngagementEvent._meta.db_table
    if connection.vendor == "postgresql":
        bucket, most = "date_trunc('hour', e.at, 'UTC')", "LEAST"
    else:
        bucket, most = "strftime('%%Y-%%m-%%d %%H:00:00', e.at)", "min"
    return f"""
        WITH said AS (
          SELECT e.customer_id, e.product_id, e.kind, {bucket} AS bucket, count(*) AS events
          FROM {event} e
          WHERE e.customer_id IS NOT NULL AND NOT e.is_suspect AND e.kind <> {impression}
          GROUP BY 1, 2, 3, 4),
        h AS (
          SELECT s.customer_id, p.category_id, s.bucket,
                 sum({weight_of("s.kind")} * CASE s.kind WHEN {view} THEN {most}({VIEWS_PER_HOUR}, s.events)
                     ELSE s.events END) AS weight
          FROM said s JOIN {product_table()} p ON p.id = s.product_id
          GROUP BY 1, 2, 3),
        l AS (SELECT customer_id, category_id, max(bucket) AS moment FROM h GROUP BY 1, 2)
        INSERT INTO {CustomerInterest._meta.db_table} (customer_id, category_id, weight, moment)
        SELECT h.customer_id, h.category_id, sum(h.weight * {_left()}), l.moment
        FROM h JOIN l ON l.customer_id = h.customer_id AND l.category_id = h.category_id
        GROUP BY h.customer_id, h.category_id, l.moment
    """  # noqa: S608 - names written here


def _left() -> str:
    """What is left, at the last hour of its group, of what happened in an hour."""
    vendor = connection.vendor
    return decay.factor_sql(vendor, decay.seconds_sql(vendor, earlier="h.bucket", later="l.moment"), "%(rate)s")
