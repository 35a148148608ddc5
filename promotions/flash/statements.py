"""The statements that everybody sends in the on-sale second, written by hand for both engines.

They go round the ORM because they are the hot path: compiling the look costs the ORM ten times what
the database needs to answer it. On PostgreSQL they are functions (made by a migration), because planning the look anew
each time costs five times what running it does, and a function keeps its plan. Deadlines are compared with the
database's clock, read while the statement runs.
"""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections

from .models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace

# The store sells, and the product is on its shelf.
_SELLS = "s.state = 'open' AND v.is_active AND p.is_published AND p.archived_at IS NULL"

_LOOK = """
SELECT f.is_active, f.starts_at > {now}, f.ended_at IS NOT NULL OR f.ends_at <= {now}, {sells},
       f.latitude, f.longitude, f.radius_km,
       (SELECT {segments} FROM {promo_segment} m WHERE m.flashpromo_id = f.id),
       f.units_returned,
       EXISTS (SELECT 1 FROM {unit} u WHERE u.promo_id = f.id AND {is_open} AND u.held_until IS NULL),
       {first_lapse_in},
       h.promo_id, h.reservation_id, {hold_ends_in},
       f.units_per_customer,
       CASE WHEN f.units_per_customer IS NULL THEN FALSE ELSE {has_had_enough} END,
       CASE WHEN f.has_waitlist THEN EXISTS (
         SELECT 1 FROM {place} w
         WHERE w.promo_id = f.id AND w.customer = %(customer)s AND w.closed_at IS NULL) ELSE FALSE END,
       a.holds, {last_lapse_in}, {first_of_lapses_in},
       c.is_active, c.token_version, k.id IS NOT NULL, k.latitude, k.longitude,
       (SELECT {segments} FROM {membership} m WHERE m.profile_id = k.id)
FROM {promo} f
CROSS JOIN (
  SELECT count(*) AS holds, max(l.expires_at) AS last, min(l.expires_at) AS first
  FROM (SELECT r.expires_at FROM {reservation} r
        WHERE r.customer_id = %(customer)s AND (r.state = 'held' OR r.is_abandoned) AND NOT r.is_excused
          AND r.expires_at <= (SELECT {now})
        ORDER BY r.expires_at DESC LIMIT %(abandoned)s) l) a
JOIN {store} s ON s.id = f.store_id
JOIN {variant} v ON v.id = f.variant_id
JOIN {product} p ON p.id = v.product_id
LEFT JOIN {hold} h ON h.customer = %(customer)s AND h.until > {now}
LEFT JOIN {account} c ON c.id = %(customer)s
LEFT JOIN {profile} k ON k.user_id = c.id
WHERE f.id = %(promo)s
"""
_FIRST_LAPSE = (
    "(SELECT min(u.held_until) FROM {unit} u WHERE u.promo_id = f.id AND {is_open} AND u.held_until IS NOT NULL)"
)
# What is held needs no counting: a customer's claims wait for each other at their one active hold.
_HAS_HAD_ENOUGH = (
    "(SELECT count(*) FROM {unit} b WHERE b.promo_id = f.id AND b.holder = %(customer)s AND b.sold_at IS NOT NULL)"
    " >= f.units_per_customer"
)
_IS_OPEN = "u.sold_at IS NULL AND u.released_at IS NULL"

_TAKE_HOLD = """
INSERT INTO {hold} AS mine (customer, reservation_id, promo_id, until)
VALUES (%(customer)s, %(reservation)s, %(promo)s, {deadline})
ON CONFLICT (customer) DO UPDATE
SET reservation_id = excluded.reservation_id, promo_id = excluded.promo_id, until = {deadline}
WHERE mine.until <= {now}
RETURNING until
"""

_CLAIM_UNIT = """
UPDATE {unit}
SET holder = %(customer)s, held_until = %(until)s, claim_no = claim_no + 1
WHERE id = COALESCE({untouched_unit}, {lapsed_unit})
  AND EXISTS (
    SELECT 1 FROM {promo} f
    WHERE f.id = %(promo)s AND f.is_active AND f.ended_at IS NULL AND f.starts_at <= {now} AND f.ends_at > {now}
      AND (f.units_per_customer IS NULL OR NOT {has_had_enough}))
RETURNING id, claim_no
"""
_FREE_UNIT = """
  (SELECT u.id FROM {unit} u
   WHERE u.promo_id = %(promo)s AND {is_open} AND {is_free}
   ORDER BY {order} LIMIT 1 {skip_locked})"""
# Nearly everybody finds nothing: a look at the two indexes is half of what an update costs that changes no row.
_HAS_FREE_UNIT = """
  EXISTS (SELECT 1 FROM {unit} u WHERE u.promo_id = %(promo)s AND {is_open} AND {untouched})
  OR EXISTS (SELECT 1 FROM {unit} u WHERE u.promo_id = %(promo)s AND {is_open} AND {lapsed})"""
_UNTOUCHED = "u.held_until IS NULL"
# The clock in a subquery is one value for the index to look for, not a call for each row.
_LAPSED = "u.held_until <= (SELECT {now})"


@dataclass(frozen=True, slots=True)
class Claimant:
    """The customer at that moment: what decides whether the promotion is theirs to take.

    `token_version` is of the access tokens that are in force.
    """

    is_active: bool
    token_version: int
    # Staff may have no profile: then they are no customer.
    has_profile: bool
    latitude: float | None
    longitude: float | None
    segment_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Scene:
    """A promotion as one customer finds it, at one moment of the database's clock."""

    is_active: bool
    is_to_come: bool
    is_over: bool
    sells: bool
    latitude: float
    longitude: float
    radius_km: float | None
    segment_ids: frozenset[UUID]
    units_returned: int
    has_free_unit: bool
    # Seconds until the next hold lapses; none when nothing is held. Never positive while a unit is free.
    lapse_in: float | None
    # The customer's one hold, wherever it is.
    hold_promo_id: UUID | None
    hold_reservation_id: UUID | None
    hold_ends_in: float | None
    # How many one customer may buy, and whether this one has.
    limit: int | None
    has_had_enough: bool
    is_in_line: bool
    # The customer's last abandoned holds, as many as the policy counts: how many there are, and how many seconds ago
    # the last and the first of them lapsed or were given up.
    lapsed_holds: int
    last_lapse_ago: float | None
    first_lapse_ago: float | None
    # None: there is no such account.
    claimant: Claimant | None

    @property
    def is_running(self) -> bool:
        """Whether it can be taken now, units aside."""
        return self.is_active and self.sells and not self.is_to_come and not self.is_over

    @property
    def is_sold_out(self) -> bool:
        """Whether every unit was bought: none is open, none went back to the shelf."""
        return not self.has_free_unit and self.lapse_in is None and self.units_returned == 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A won unit: the number of this claim is the fencing token."""

    unit_id: int
    claim_no: int


def look(*, promo_id: UUID, customer_id: UUID, abandoned: int) -> Scene | None:
    """Everything a refusal needs, in one query and without a lock; none when there is no such promotion.

    `abandoned`: at so many of the customer's abandoned holds it looks.
    """
    row = _answer("look", {"promo": promo_id, "customer": customer_id, "abandoned": abandoned})
    if row is None:
        return None
    active, to_come, over, sells, latitude, longitude, radius_km, segments, returned, untouched, lapse_in = row[:11]
    hold, (limit, has_had_enough, is_in_line), (lapsed_holds, *lapses) = row[11:14], row[14:17], row[17:20]
    return Scene(
        is_active=bool(active),
        is_to_come=bool(to_come),
        is_over=bool(over),
        sells=bool(sells),
        latitude=latitude,
        longitude=longitude,
        radius_km=radius_km,
        segment_ids=_uuids(segments),
        units_returned=returned,
        has_free_unit=bool(untouched) or (lapse_in is not None and lapse_in <= 0),
        lapse_in=None if lapse_in is None else float(lapse_in),
        hold_promo_id=_uuid(hold[0]),
        hold_reservation_id=_uuid(hold[1]),
        hold_ends_in=None if hold[2] is None else float(hold[2]),
        limit=limit,
        has_had_enough=bool(has_had_enough),
        is_in_line=bool(is_in_line),
        lapsed_holds=lapsed_holds,
        last_lapse_ago=None if lapses[0] is None else -float(lapses[0]),
        first_lapse_ago=None if lapses[1] is None else -float(lapses[1]),
        claimant=_claimant(*row[20:]),
    )


def _claimant(
    active: Any,
    version: int | None,
    has_profile: Any,
    latitude: float | None,
    longitude: float | None,
    segments: str | None,
) -> Claimant | None:
    if version is None:
        return None
    return Claimant(bool(active), version, bool(has_profile), latitude, longitude, _uuids(segments))


def take_hold(*, promo_id: UUID, customer_id: UUID, reservation_id: UUID, hold: timedelta) -> datetime | None:
    """Make it the customer's one active hold for `hold`; until when. None while they have another one.

    Waits for the same customer's other request, if there is one.
    """
    values = {"promo": promo_id, "customer": customer_id, "reservation": reservation_id, "hold": hold}
    row = _answer("take_hold", values)
    return None if row is None else _moment(row[0])


def claim_unit(*, promo_id: UUID, customer_id: UUID, until: datetime) -> Claim | None:
    """The claim: take a free unit of a running promotion until `until`, passing over units that others are at.

    One conditional statement; who gets a row back has won. None: there was nothing to take.
    """
    row = _answer("claim_unit", {"promo": promo_id, "customer": customer_id, "until": until})
    return None if row is None else Claim(unit_id=row[0], claim_no=row[1])


def sql(name: str) -> str:
    """What to execute for a statement on this database (`look`, `take_hold`, `claim_unit`)."""
    return _calls(connections[DEFAULT_DB_ALIAS].vendor)[name]


def _answer(name: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    # Asked for once: what stands for the connection of the thread looks it up each time that it is touched.
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        values = {key: _as_text(value) for key, value in values.items()}
    with database.cursor() as cursor:
        cursor.execute(_calls(database.vendor)[name], values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _as_text(value: Any) -> Any:
    """As Django stores it where the database has no such type."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, timedelta):
        return f"+{value.total_seconds():.3f} seconds"
    return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


@functools.cache
def _calls(vendor: str) -> dict[str, str]:
    if vendor != "postgresql":
        return statement_texts(vendor)
    return {name: function.call() for name, function in _FUNCTIONS.items()}


def function_texts() -> dict[str, str]:
    """`CREATE FUNCTION` of each statement, for PostgreSQL. A migration holds what this said when it was written."""
    texts = statement_texts("postgresql")
    return {
        name: function.created_as(texts[name], only_where=texts.get(function.only_where))
        for name, function in _FUNCTIONS.items()
    }


@dataclass(frozen=True, slots=True)
class _Function:
    """A statement with its plan kept: what goes in under which name, what comes out.

    `only_where` names a condition that is looked at first: where it does not hold, nothing comes out.
    """

    name: str
    takes: dict[str, str]
    gives: str
    only_where: str = ""

    def call(self) -> str:
        arguments = ", ".join(f"%({value})s" for value in self.takes)
        return f"SELECT * FROM {self.name}({arguments})"  # noqa: S608 - both are names written below

    def created_as(self, statement: str, *, only_where: str | None = None) -> str:
        parameters = ", ".join(f"p_{value} {kind}" for value, kind in self.takes.items())
        named = {value: f"p_{value}" for value in self.takes}
        look = f"IF NOT ({only_where % named}) THEN RETURN; END IF;\n" if only_where else ""
        body = statement % named
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}({parameters}) RETURNS TABLE ({self.gives}) "
            f"LANGUAGE plpgsql AS $$\n#variable_conflict use_column\nBEGIN\n{look}RETURN QUERY\n{body};\nEND $$"
        )


_FUNCTIONS = {
    "look": _Function(
        "promotions_look",
        {"promo": "uuid", "customer": "uuid", "abandoned": "integer"},
        "is_active boolean, is_to_come boolean, is_over boolean, sells boolean, latitude float8, longitude float8, "
        "radius_km float8, segments text, units_returned integer, has_untouched boolean, lapse_in float8, "
        "hold_promo uuid, hold_reservation uuid, hold_ends_in float8, units_per_customer integer, "
        "has_had_enough boolean, is_in_line boolean, abandoned bigint, last_lapse_in float8, first_lapse_in float8, "
        "customer_is_active boolean, token_version integer, has_profile boolean, customer_latitude float8, "
        "customer_longitude float8, customer_segments text",
    ),
    "take_hold": _Function(
        "promotions_take_hold",
        {"promo": "uuid", "customer": "uuid", "reservation": "uuid", "hold": "interval"},
        "held_until timestamptz",
    ),
    "claim_unit": _Function(
        "promotions_claim_unit",
        {"promo": "uuid", "customer": "uuid", "until": "timestamptz"},
        "unit_id bigint, claim_number integer",
        only_where="has_free_unit",
    ),
}


@functools.cache
def statement_texts(vendor: str) -> dict[str, str]:
    """The statements themselves in that dialect, with `%(name)s` where values go."""
    promo, unit = FlashPromo._meta, PromoUnit._meta
    variant: Any = promo.get_field("variant").related_model
    account: Any = Reservation._meta.get_field("customer").related_model._meta
    profile: Any = account.get_field("profile").related_model._meta
    names = {
        "promo": promo.db_table,
        "unit": unit.db_table,
        "hold": ActiveHold._meta.db_table,
        "account": account.db_table,
        "profile": profile.db_table,
        "membership": profile.get_field("memberships").related_model._meta.db_table,
        "place": WaitlistPlace._meta.db_table,
        "reservation": Reservation._meta.db_table,
        "promo_segment": FlashPromo.segments.through._meta.db_table,
        "store": variant._meta.get_field("store").related_model._meta.db_table,
        "variant": variant._meta.db_table,
        "product": variant._meta.get_field("product").related_model._meta.db_table,
        "is_open": _IS_OPEN,
        "sells": _SELLS,
    }
    if vendor == "postgresql":
        names |= {
            "now": "clock_timestamp()",
            "segments": "string_agg(m.segment_id::text, ',')",
            "skip_locked": "FOR UPDATE SKIP LOCKED",
            "deadline": "clock_timestamp() + %(hold)s",
        }
        seconds = "EXTRACT(EPOCH FROM {moment} - clock_timestamp())::float8"
    else:
        names |= {
            # As Django stores moments there; writers are alone (BEGIN IMMEDIATE), there is nobody to pass over.
            "now": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')",
            "segments": "group_concat(m.segment_id)",
            "skip_locked": "",
            "deadline": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'now', %(hold)s)",
        }
        seconds = "(julianday({moment}) - julianday('now')) * 86400.0"
    names["first_lapse_in"] = seconds.format(moment=_FIRST_LAPSE.format(**names))
    names["has_had_enough"] = _HAS_HAD_ENOUGH.format(**names)
    names["last_lapse_in"] = seconds.format(moment="a.last")
    names["first_of_lapses_in"] = seconds.format(moment="a.first")
    names["hold_ends_in"] = seconds.format(moment="h.until")
    names["untouched_unit"] = _FREE_UNIT.format(is_free=_UNTOUCHED, order="u.number", **names)
    names["lapsed_unit"] = _FREE_UNIT.format(is_free=_LAPSED.format(**names), order="u.held_until", **names)
    names["has_free_unit"] = _HAS_FREE_UNIT.format(untouched=_UNTOUCHED, lapsed=_LAPSED.format(**names), **names)
    texts = {"look": _LOOK, "take_hold": _TAKE_HOLD, "claim_unit": _CLAIM_UNIT, "has_free_unit": "{has_free_unit}"}
    return {name: text.format(**names).strip() for name, text in texts.items()}


def _uuids(joined: str | None) -> frozenset[UUID]:
    return frozenset(UUID(text) for text in (joined or "").split(",") if text)


def _uuid(value: Any) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
