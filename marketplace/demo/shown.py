"""What the town's people looked at in two months, as its sums would be: days, signals, interests, an experiment."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from marketplace.core.clock import platform_day
from promotions.contracts import DayFunnelRow, InterestRow, SignalRow, SlotDayRow
from promotions.facade import ExperimentTerms, Told, VariantTerms

DAYS: Final = 60
PLACES: Final = 12
# Who was placed by what, of a hundred; a place's first click-through rate, and how it falls from place to place.
MIX: Final = {"popular": 55, "cold_boost": 14, "fresh": 12, "profit": 9, "pinned": 5, "fallback": 5}
CONTEXTS: Final = {"home": (420, 0.085), "category": (260, 0.11), "personalized": (180, 0.14)}
WEEKEND: Final = 1.4
EXPERIMENT_AGE: Final = timedelta(days=16)
VISITORS: Final = 1_500
# Shelves that the first customers look at most.
LIKED: Final = (("libros", "juguetes"), ("computo", "audio"))


def funnel_days(seed: int, at: datetime, *, days: int = DAYS, scale: float = 1.0) -> Iterator[DayFunnelRow]:
    """From seen to bought, each of the days before today; `scale` is how many times the town's people."""
    dice = random.Random(seed + 2)  # noqa: S311
    for day in _days(at, days):
        people = round(90 * scale * _busy(dice, day))
        views, clicks, carts, bought = (round(people * share) for share in (3.1, 2.2, 0.34, 0.11))
        yield DayFunnelRow(
            day=day,
            impressions=people * 28,
            views=views,
            clicks=clicks,
            carts=carts,
            purchases=bought,
            view_actors=people,
            click_actors=round(people * 0.71),
            cart_actors=round(people * 0.22),
            purchase_actors=round(people * 0.09),
            suspects=dice.randint(0, 4),
        )


def slot_days(seed: int, at: datetime, *, days: int = DAYS) -> Iterator[SlotDayRow]:
    """Places of the selections, for each reason, on each of those days."""
    dice = random.Random(seed + 3)  # noqa: S311
    for day in _days(at, days):
        busy = _busy(dice, day)
        for context, (seen_first, rate_first) in CONTEXTS.items():
            for position in range(1, PLACES + 1):
                fades = math.exp(-0.12 * (position - 1))
                for reason, share in MIX.items():
                    seen = round(seen_first * busy * fades * share / 100)
                    rate = rate_first * fades * dice.uniform(0.8, 1.2)
                    yield SlotDayRow(day, context, position, reason, seen, round(seen * rate))


def _days(at: datetime, days: int) -> list[date]:
    today = platform_day(at)
    return [today - timedelta(days=back) for back in range(days, 0, -1)]


def _busy(dice: random.Random, day: date) -> float:
    return dice.uniform(0.85, 1.15) * (WEEKEND if day.weekday() >= 5 else 1.0)


def signals(seed: int, product_ids: Sequence[UUID], at: datetime) -> Iterator[SignalRow]:
    """A few products that many looked at, many that few did, and a fifth that nobody has seen."""
    dice = random.Random(seed + 4)  # noqa: S311
    for product_id in product_ids:
        if dice.random() < 0.2:
            continue
        weight = dice.lognormvariate(2.5, 1.3)
        seen = weight * dice.uniform(3, 9)
        clicks = seen * dice.uniform(0.03, 0.12)
        yield SignalRow(product_id, weight, seen, clicks, at - timedelta(hours=dice.randrange(72)))


def interests(
    customer_id: UUID, categories: Mapping[str, UUID], liked: Sequence[str], at: datetime
) -> Iterator[InterestRow]:
    """The first of the shelves most."""
    for place, slug in enumerate(liked):
        yield InterestRow(customer_id, categories[slug], 40.0 / (place + 1), at)


def experiment(at: datetime) -> ExperimentTerms:
    """Do more unknown products cost clicks?"""
    return ExperimentTerms(
        key="menos-pruebas",
        name="Menos lugares de prueba",
        hypothesis="Con menos lugares para productos desconocidos se hace más clic.",
        knob="explore_share",
        ends_at=at - EXPERIMENT_AGE + timedelta(days=28),
        variants=(VariantTerms("hoy", 0.3, 5_000, is_control=True), VariantTerms("menos", 0.15, 5_000)),
    )


def visitors() -> Iterator[UUID]:
    """Who took part until now."""
    return (uuid5(NAMESPACE_URL, f"demo:visitor:{number}") for number in range(VISITORS))


def visit(at: datetime, unit: UUID, variant: str) -> Told:
    """One visit: what was on the screen, what was clicked, and perhaps something bought within the hour."""
    dice = random.Random(f"{unit}:{variant}")  # noqa: S311
    begins = at - EXPERIMENT_AGE * dice.uniform(0.02, 0.98)
    seen = [begins + timedelta(seconds=3 * number) for number in range(dice.randint(4, 16))]
    rate = 0.085 if variant == "hoy" else 0.102
    clicked = [moment + timedelta(seconds=2) for moment in seen if dice.random() < rate]
    buys = dice.random() < (0.09 if clicked else 0.03)
    bought = [(begins + timedelta(minutes=dice.randint(3, 50)), dice.randrange(80_00, 1_500_00))] if buys else []
    return Told(seen, clicked, bought)
