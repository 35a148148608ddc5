"""The scores of all products in three statements, the same on both engines.

A temporary table has one row a product: what it costs, has, and what is known of it. From it come the levels of the
categories, and from both the scores. `formulas` says what each number is.
"""

import math
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Model

from marketplace.core.clock import platform_day
from promotions.engagement import decay
from promotions.engagement.models import ProductEngagementDaily, ProductSignal

from .formulas import ENOUGH, HEARD
from .goods import goods
from .models import CategoryLevel, ProductScore, ScoringPolicy

CONVERSION_DAYS: Final = 30

_GOODS = {
    "product": "Product",
    "variant": "Variant",
    "category": "Category",
    "store": "Store",
    "item": "StockItem",
    "movement": "StockMovement",
}
_MODELS: dict[str, type[Model]] = {
    "signal": ProductSignal,
    "day": ProductEngagementDaily,
    "level": CategoryLevel,
    "score": ProductScore,
}

_DROP = "DROP TABLE IF EXISTS {base}"

# What anybody may see (`stores`: public products), with a variant to buy. A store that does not sell now has nothing.
# Of the variants whose cost is known, the mean margin. Everything is a double: sums of decimals take three times as
# long.
# Fresh: since it came into the shop; since it was seen again, where the version before had none; since its goods came
# in, where that version had it without stock and goods came in since (a hold given back is no restocking).
_BASE = """
CREATE TEMPORARY TABLE {base} AS
WITH shelf AS (
  SELECT v.product_id, MIN(v.currency) AS currency,
    SUM(CASE WHEN i.on_hand > i.allocated THEN i.on_hand - i.allocated ELSE 0 END) AS available,
    AVG(CASE WHEN v.cost_minor IS NULL THEN NULL ELSE CAST(v.price_minor AS double precision) END) AS price,
    AVG(CAST(v.cost_minor AS double precision)) AS cost
  FROM {variant} v LEFT JOIN {item} i ON i.variant_id = v.id AND i.store_id = v.store_id
  WHERE v.is_active AND v.archived_at IS NULL
  GROUP BY v.product_id
), sold AS (
  SELECT product_id, SUM(impressions) AS impressions, SUM(purchases) AS purchases
  FROM {day} WHERE day >= %(since)s GROUP BY product_id
), heard AS (
  SELECT product_id, weight, impressions, clicks, {half_lives} AS age FROM {signal}
), restocked AS (
  SELECT v.product_id, MAX(m.created_at) AS at
  FROM {score} o
  JOIN {variant} v ON v.product_id = o.product_id AND v.is_active AND v.archived_at IS NULL
  JOIN {item} i ON i.variant_id = v.id
  JOIN {movement} m ON m.stock_item_id = i.id AND m.created_at > %(before_at)s AND m.created_at <= %(at)s
    AND (m.kind = 'receive' OR (m.kind = 'adjust' AND m.quantity > 0))
  WHERE o.version_id = %(before)s AND o.available = 0
  GROUP BY v.product_id
)
SELECT p.id AS product_id, p.category_id, p.store_id, p.brand_id, h.currency,
  CASE WHEN t.state = 'open' THEN COALESCE(h.available, 0) ELSE 0 END AS available,
  h.price * (10000 / (10000 + CAST(c.tax_bp AS double precision))) - h.cost AS margin,
  COALESCE(s.weight * {factor}, 0) AS total,
  CASE WHEN s.weight > 0 THEN LN(s.weight) / {ln2} - s.age ELSE {nothing} END AS log_key,
  COALESCE(s.impressions * {factor}, 0) AS impressions,
  COALESCE(s.clicks * {factor}, 0) AS clicks,
  CAST(COALESCE(d.impressions, 0) AS double precision) AS shown,
  CAST(COALESCE(d.purchases, 0) AS double precision) AS bought,
  CASE WHEN r.at IS NOT NULL THEN r.at
    WHEN o.fresh_since IS NOT NULL THEN o.fresh_since
    WHEN p.created_at <= %(before_at)s THEN {at}
    ELSE p.created_at END AS fresh_since
FROM {product} p
JOIN shelf h ON h.product_id = p.id
JOIN {category} c ON c.id = p.category_id
JOIN {store} t ON t.id = p.store_id AND t.state <> 'closed' AND t.archived_at IS NULL
LEFT JOIN heard s ON s.product_id = p.id
LEFT JOIN sold d ON d.product_id = p.id
LEFT JOIN {score} o ON o.version_id = %(before)s AND o.product_id = p.id
LEFT JOIN restocked r ON r.product_id = p.id
WHERE p.is_published AND p.archived_at IS NULL
"""

# Linear interpolation is a triangle over the two places next to the percentile's.
_LEVELS = """
INSERT INTO {level} (version_id, category_id, products_count, known_count, p99, conversion)
WITH ranked AS (
  SELECT category_id, total,
    CAST(ROW_NUMBER() OVER (PARTITION BY category_id ORDER BY total) AS double precision) AS place,
    CAST(COUNT(*) OVER (PARTITION BY category_id) AS double precision) AS known,
    CAST(ROW_NUMBER() OVER (ORDER BY total) AS double precision) AS place_of_all,
    CAST(COUNT(*) OVER () AS double precision) AS known_of_all
  FROM {base} WHERE total >= {heard}
), percentile AS (
  SELECT category_id, COUNT(*) AS known,
    SUM(total * {greatest}(0.0, 1.0 - ABS(place - 1.0 - 0.99 * (known - 1.0)))) AS p99,
    SUM(total * {greatest}(0.0, 1.0 - ABS(place_of_all - 1.0 - 0.99 * (known_of_all - 1.0)))) AS p99_of_all
  FROM ranked GROUP BY category_id
), figure AS (
  SELECT category_id, COUNT(*) AS products, SUM(bought) AS bought, SUM(shown) AS shown FROM {base} GROUP BY category_id
), everything AS (
  SELECT COALESCE(SUM(products), 0) AS products,
    {least}(1.0, (COALESCE(SUM(bought), 0) + 1.0) / (COALESCE(SUM(shown), 0) + {half})) AS conversion
  FROM figure
)
SELECT %(version)s, f.category_id, f.products, COALESCE(p.known, 0), COALESCE(p.p99, 0),
  {least}(1.0, (f.bought + {half} * e.conversion) / (f.shown + {half}))
FROM figure f CROSS JOIN everything e LEFT JOIN percentile p ON p.category_id = f.category_id
UNION ALL
SELECT %(version)s, NULL, e.products, COALESCE((SELECT SUM(known) FROM percentile), 0),
  COALESCE((SELECT SUM(p99_of_all) FROM percentile), 0), e.conversion
FROM everything e
"""

# Ranks are among what has a margin: losses and unknown costs are a partition of their own, and not looked at.
_SCORES = """
INSERT INTO {score} (version_id, product_id, category_id, store_id, brand_id, popularity, cold, profit, freshness,
  exposure, log_key, is_cost_known, impressions, clicks, fresh_since, available)
WITH worth AS (
  SELECT b.*, l.known_count AS known, l.p99, a.p99 AS p99_of_all, CASE WHEN b.margin >= 0 THEN 1 ELSE 0 END AS is_gain,
    b.margin * {least}(1.0, (b.bought + {half} * l.conversion) / (b.shown + {half})) AS gain
  FROM {base} b
  JOIN {level} l ON l.version_id = %(version)s AND l.category_id = b.category_id
  JOIN {level} a ON a.version_id = %(version)s AND a.category_id IS NULL
), placed AS (
  SELECT w.*,
    CAST(COUNT(*) OVER own AS double precision) AS peers,
    CAST(RANK() OVER own_order - 1 AS double precision) / COUNT(*) OVER own + CUME_DIST() OVER own_order AS own_place,
    CAST(RANK() OVER all_order - 1 AS double precision) / COUNT(*) OVER everybody + CUME_DIST() OVER all_order
      AS all_place
  FROM worth w
  WINDOW own AS (PARTITION BY category_id, is_gain, currency), own_order AS (own ORDER BY gain),
    everybody AS (PARTITION BY is_gain, currency), all_order AS (everybody ORDER BY gain)
), scored AS (
  SELECT p.*,
    {least}(1.0, known / {enough}) *
      CASE WHEN p99 >= {heard} THEN {least}(1.0, LN(1.0 + total) / LN(1.0 + p99)) ELSE 0.0 END
    + (1.0 - {least}(1.0, known / {enough})) *
      CASE WHEN p99_of_all >= {heard} THEN {least}(1.0, LN(1.0 + total) / LN(1.0 + p99_of_all)) ELSE 0.0 END
      AS popularity,
    {half} / ({half} + impressions) * {least}(1.0, available / {target}) AS cold,
    CASE WHEN margin IS NULL THEN 0.5 WHEN margin < 0 THEN 0.0
      ELSE ({least}(1.0, peers / {enough}) * own_place + (1.0 - {least}(1.0, peers / {enough})) * all_place) / 2 END
      AS profit,
    {fresh} AS freshness
  FROM placed p
)
SELECT %(version)s, product_id, category_id, store_id, brand_id, popularity, cold, profit, freshness,
  {w_popularity} * popularity
    + (1.0 - {w_popularity}) * ({w_cold} * cold + {w_profit} * profit + {w_freshness} * freshness),
  log_key, margin IS NOT NULL, impressions, clicks, fresh_since, available
FROM scored
"""


def gather(*, at: datetime, half_life_hours: float, before: int, before_at: datetime) -> None:
    """One row a product into the temporary table, in the caller's transaction.

    `before`: the version whose freshness is carried on (0 is none), as of `before_at`.
    """
    _run(_DROP, {})
    _run(
        _BASE,
        {},
        at=at,
        half_life_seconds=half_life_hours * 3_600,
        since=platform_day(at) - timedelta(days=CONVERSION_DAYS),
        before=before,
        before_at=before_at,
    )


def write_levels(*, version: int, policy: ScoringPolicy) -> None:
    """What each category is measured against, and all of them (no category)."""
    _run(_LEVELS, _numbers(policy), version=version)


def write_scores(*, version: int, at: datetime, policy: ScoringPolicy) -> int:
    """The scores; how many."""
    seconds = policy.freshness_days * 86_400
    count = _run(_SCORES, _numbers(policy), version=version, at=at, half_life_seconds=seconds)
    _run(_DROP, {})
    return count


def _numbers(policy: ScoringPolicy) -> dict[str, str]:
    """The policy's numbers as SQL. They are floats of validated fields; parts of the rest add up to one."""
    rest = (policy.w_cold + policy.w_profit + policy.w_freshness) or 1.0
    numbers = {
        "w_popularity": policy.w_popularity,
        "w_cold": policy.w_cold / rest,
        "w_profit": policy.w_profit / rest,
        "w_freshness": policy.w_freshness / rest,
        "half": policy.cold_impressions,
        "target": float(max(policy.stock_target, 1)),
        "enough": float(ENOUGH),
    }
    return {name: _double(value) for name, value in numbers.items()}


def _double(value: float) -> str:
    return f"CAST({float(value)!r} AS double precision)"


def _half_lives(moment: str) -> str:
    """How many half-lives lie between the column and `%(at)s`; also needs `%(half_life_seconds)s`."""
    at = "%(at)s" if connection.vendor == "sqlite" else "CAST(%(at)s AS timestamptz)"
    return f"({decay.seconds_sql(connection.vendor, earlier=moment, later=at)} / %(half_life_seconds)s)"


def _run(statement: str, numbers: dict[str, str], **values: Any) -> int:
    """Run it; how many rows it wrote."""
    vendor, adapt = connection.vendor, connection.ops.adapt_datetimefield_value
    is_sqlite = vendor == "sqlite"
    ln2 = _double(math.log(2.0))
    text = statement.format(
        base="promotions_scoring_base",
        greatest="MAX" if is_sqlite else "GREATEST",
        least="MIN" if is_sqlite else "LEAST",
        heard=_double(HEARD),
        nothing=_double(decay.NOTHING),
        ln2=ln2,
        half_lives=_half_lives("moment"),
        factor=decay.factor_sql(vendor, "s.age", ln2),
        fresh=decay.factor_sql(vendor, _half_lives("fresh_since"), ln2),
        at="%(at)s" if is_sqlite else "CAST(%(at)s AS timestamptz)",
        **{name: model._meta.db_table for name, model in _MODELS.items()},
        **{name: goods(model)._meta.db_table for name, model in _GOODS.items()},
        **numbers,
    )
    adapted = {name: adapt(value) if isinstance(value, datetime) else value for name, value in values.items()}
    with connection.cursor() as cursor:
        cursor.execute(text, adapted)
        count: int = cursor.rowcount
        return count
