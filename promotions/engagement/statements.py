"""Counting on PostgreSQL: one statement from the inbox (or from restored events) to every sum.

Whatever it adds comes from rows that this very statement inserted (or restored), so an event that is here already adds
nothing. Rows are written sorted by their keys, table after table in one order: two workers cannot wait for each other.
`orm_counting` says the same in Python, for SQLite; a test holds the two together.
"""

import functools
from typing import Any, Final

from . import decay
from .models import (
    ActorHour,
    CustomerInterest,
    EngagementEvent,
    EngagementHourly,
    EventBatch,
    EventKind,
    ProductSignal,
    TouchedDay,
)
from .selectors import product_table, slot_tables

VIEWS_PER_HOUR: Final = 3
"""So many views of a product by one actor in one hour count for popularity."""

_EVENT = "kind, product_id, customer_id, actor, exposure_id, quantity, amount_minor, is_suspect, at"

# The batches leave the inbox; of an event that is there several times the one received first counts.
_FROM_INBOX = f"""
taken AS (
  DELETE FROM {{inbox}} WHERE id = ANY(%(ids)s)
  RETURNING id AS batch, customer_id, actor, is_suspect, received_at, events),
said AS (
  SELECT t.batch, t.customer_id, t.actor, t.is_suspect, t.received_at, e.*
  FROM taken t CROSS JOIN LATERAL jsonb_to_recordset(t.events) AS e(
    id uuid, kind smallint, product uuid, exposure uuid, "position" smallint, quantity integer, amount bigint,
    metadata jsonb, occurred timestamptz, at timestamptz)),
fresh AS (
  INSERT INTO {{event}} (event_id, drain_id, {_EVENT}, "position", metadata, occurred_at, received_at)
  SELECT id, %(drain)s, kind, product, customer_id, actor, exposure, COALESCE(quantity, 1), COALESCE(amount, 0),
         is_suspect, at, "position", COALESCE(metadata, '{{{{}}}}'), occurred, received_at
  FROM said ORDER BY id, batch
  ON CONFLICT (event_id) DO NOTHING
  RETURNING {_EVENT})"""  # noqa: S608 - names written here

# Events that were suspect until now are counted as of now, under another drain: their exposures are folded, too.
_RESTORED = f"""
said AS (
  SELECT event_id FROM {{event}} WHERE event_id = ANY(%(ids)s::uuid[]) AND is_suspect ORDER BY event_id FOR UPDATE),
fresh AS (
  UPDATE {{event}} e SET is_suspect = FALSE, drain_id = %(drain)s FROM said s WHERE e.event_id = s.event_id
  RETURNING {", ".join(f"e.{name.strip()}" for name in _EVENT.split(","))})"""  # noqa: S608 - names written here

_COUNT = """
good AS MATERIALIZED (
  SELECT date_trunc('hour', f.at, 'UTC') AS bucket, f.kind, f.product_id, f.actor,
         f.customer_id IS NOT NULL AS is_customer, count(*)::integer AS events,
         (count(s.id) FILTER (WHERE l.customer_id IS NULL OR l.customer_id = f.customer_id))::integer AS exposed,
         sum(f.quantity) AS quantity, sum(f.amount_minor) AS amount
  FROM fresh f
  -- Of an exposure that nobody was shown, or of another product: the event counts, but not as an exposed one.
  LEFT JOIN {slot} s ON s.id = f.exposure_id AND s.product_id = f.product_id
  LEFT JOIN {slate} l ON l.id = s.slate_id
  WHERE NOT f.is_suspect
  GROUP BY 1, 2, 3, 4, 5),
looks AS (
  SELECT bucket, actor, product_id, bool_or(is_customer) AS is_customer, sum(events)::integer AS events
  FROM good WHERE kind = {view} GROUP BY 1, 2, 3),
seen AS (
  INSERT INTO {actor_hour} AS h (bucket, actor, product_id, views)
  SELECT bucket, actor, product_id, events FROM looks ORDER BY 1, 2, 3
  ON CONFLICT (bucket, actor, product_id) DO UPDATE SET views = h.views + excluded.views
  RETURNING bucket, actor, product_id, views),
capped AS MATERIALIZED (
  SELECT l.bucket, l.product_id, l.actor, l.is_customer,
         LEAST({most}, s.views) - LEAST({most}, s.views - l.events) AS counted
  FROM looks l JOIN seen s USING (bucket, actor, product_id)),
sums AS MATERIALIZED (
  SELECT bucket, product_id, kind, sum(events) AS events, sum(counted) AS counted, sum(exposed) AS exposed,
         sum(quantity) AS quantity, sum(amount) AS amount, max(bucket) OVER (PARTITION BY product_id) AS moment
  FROM (
    SELECT bucket, product_id, kind, events, CASE kind WHEN {view} THEN 0 ELSE events END AS counted, exposed,
           quantity, amount FROM good
    UNION ALL
    SELECT bucket, product_id, {view}, 0, counted, 0, 0, 0 FROM capped WHERE counted > 0) every
  GROUP BY 1, 2, 3),
hours AS (
  INSERT INTO {hour} AS h (bucket, product_id, kind, count, counted, exposed, quantity, amount_minor)
  SELECT bucket, product_id, kind, events, counted, exposed, quantity, amount FROM sums ORDER BY 1, 2, 3
  ON CONFLICT (bucket, product_id, kind) DO UPDATE
  SET count = h.count + excluded.count, counted = h.counted + excluded.counted,
      exposed = h.exposed + excluded.exposed, quantity = h.quantity + excluded.quantity,
      amount_minor = h.amount_minor + excluded.amount_minor),
signals AS (
  INSERT INTO {signal} AS s (product_id, weight, impressions, clicks, moment)
  SELECT product_id, sum({weight} * counted * {left_of_hour}),
         sum(CASE kind WHEN {impression} THEN events ELSE 0 END * {left_of_hour}),
         sum(CASE kind WHEN {click} THEN exposed ELSE 0 END * {left_of_hour}), moment
  FROM sums GROUP BY product_id, moment ORDER BY product_id
  ON CONFLICT (product_id) DO UPDATE
  SET weight = s.weight * {left_of_old} + excluded.weight * {left_of_new},
      impressions = s.impressions * {left_of_old} + excluded.impressions * {left_of_new},
      clicks = s.clicks * {left_of_old} + excluded.clicks * {left_of_new},
      moment = GREATEST(s.moment, excluded.moment)),
liked AS (
  SELECT customer_id, category_id, bucket, sum(weight) AS weight,
         max(bucket) OVER (PARTITION BY customer_id, category_id) AS moment
  FROM (
    SELECT g.actor AS customer_id, p.category_id, g.bucket, {weight} * g.events AS weight
    FROM good g JOIN {product} p ON p.id = g.product_id
    WHERE g.is_customer AND g.kind NOT IN ({impression}, {view})
    UNION ALL
    SELECT c.actor, p.category_id, c.bucket, %(weight_view)s * c.counted
    FROM capped c JOIN {product} p ON p.id = c.product_id WHERE c.is_customer AND c.counted > 0) every
  GROUP BY 1, 2, 3),
interests AS (
  INSERT INTO {interest} AS s (customer_id, category_id, weight, moment)
  SELECT customer_id, category_id, sum(weight * {left_of_hour}), moment
  FROM liked GROUP BY customer_id, category_id, moment ORDER BY 1, 2
  ON CONFLICT (customer_id, category_id) DO UPDATE
  SET weight = s.weight * {left_of_old} + excluded.weight * {left_of_new},
      moment = GREATEST(s.moment, excluded.moment)),
days AS (
  INSERT INTO {touched} AS t (day, touched_at)
  SELECT day, clock_timestamp() FROM (SELECT DISTINCT (at AT TIME ZONE %(zone)s)::date AS day FROM fresh) d ORDER BY 1
  ON CONFLICT (day) DO UPDATE
  SET touched_at = GREATEST(excluded.touched_at, t.touched_at + interval '1 microsecond'))
SELECT (SELECT count(*) FROM said), (SELECT count(*) FROM fresh)
"""


@functools.cache
def count_inbox() -> str:
    """Takes `ids` of batches, `drain`, `rate`, `zone` and the weights; gives how many were said, how many were new."""
    return _whole(_FROM_INBOX)


@functools.cache
def count_restored() -> str:
    """The same of `ids` of suspect events."""
    return _whole(_RESTORED)


def _whole(source: str) -> str:
    return f"WITH {source.format(**_names())},{_COUNT.format(**_names())}"


@functools.cache
def _names() -> dict[str, Any]:
    slot, slate = slot_tables()
    return {
        "slot": slot,
        "slate": slate,
        "inbox": EventBatch._meta.db_table,
        "event": EngagementEvent._meta.db_table,
        "actor_hour": ActorHour._meta.db_table,
        "hour": EngagementHourly._meta.db_table,
        "signal": ProductSignal._meta.db_table,
        "interest": CustomerInterest._meta.db_table,
        "touched": TouchedDay._meta.db_table,
        "product": product_table(),
        "most": VIEWS_PER_HOUR,
        "impression": int(EventKind.IMPRESSION),
        "view": int(EventKind.VIEW),
        "click": int(EventKind.CLICK),
        "weight": weight_of("kind"),
        "left_of_hour": _left(earlier="bucket", later="moment"),
        "left_of_old": _left(earlier="s.moment", later="GREATEST(s.moment, excluded.moment)"),
        "left_of_new": _left(earlier="excluded.moment", later="GREATEST(s.moment, excluded.moment)"),
    }


def _left(*, earlier: str, later: str) -> str:
    return decay.factor_sql("postgresql", decay.seconds_sql("postgresql", earlier=earlier, later=later), "%(rate)s")


def weight_of(kind: str) -> str:
    """The weight of a kind, a column, as an expression."""
    return (
        f"(CASE {kind} WHEN {int(EventKind.VIEW)} THEN %(weight_view)s WHEN {int(EventKind.CLICK)} "
        f"THEN %(weight_click)s WHEN {int(EventKind.ADD_TO_CART)} THEN %(weight_cart)s "
        f"WHEN {int(EventKind.PURCHASE)} THEN %(weight_purchase)s ELSE 0 END)"
    )
