"""What was shown and clicked, and the way from seen to bought."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from promotions import facade as promotions
from promotions.contracts import DayFunnelRow, SlotSums

from . import links
from .values import COUNT, RATIO, Column, Figure, Period, Row, Series, Table, Value, share

SLOTS: Final = "promotions.view_slotdaily"
EVENTS: Final = "promotions.view_dayfunnel"
_NUMBERS: Final = (
    Column("impressions", _("seen"), COUNT),
    Column("clicks", _("clicks"), COUNT),
    Column("ctr", _("click-through rate"), RATIO),
)
_Clicks = Mapping[date, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Impressions and clicks by day, read once."""

    period: Period
    now: _Clicks
    before: _Clicks

    @classmethod
    def read(cls, period: Period) -> "Exposure":
        """One query, two with a comparison."""
        earlier = period.before
        before = promotions.clicks_by_day(earlier.first, earlier.last) if earlier else {}
        return cls(period, promotions.clicks_by_day(period.first, period.last), before)

    def figures(self) -> tuple[Figure, ...]:
        """Seen, clicked, and the rate."""
        (seen, clicked), (seen_before, clicked_before) = _total(self.now), _total(self.before)
        url = links.days("promotions_slotdaily", self.period)

        def prior(value: Value) -> Value:
            return value if self.period.before else None

        rate, rate_before = share(clicked, seen), share(clicked_before, seen_before)
        return (
            Figure("impressions", _("Products seen"), COUNT, seen, prior(seen_before), url, SLOTS),
            Figure("clicks", _("Clicks on them"), COUNT, clicked, prior(clicked_before), url, SLOTS),
            Figure("ctr", _("Click-through rate"), RATIO, rate, rate_before, url, SLOTS),
        )

    def series(self) -> Series:
        """The rate by day; none on days without impressions."""
        earlier = self.period.before

        def rate(day: date, sums: _Clicks) -> float | None:
            seen, clicked = sums.get(day, (0, 0))
            return share(clicked, seen)

        return Series(
            key="ctr",
            label=_("Click-through rate by day"),
            kind=RATIO,
            days=self.period.days,
            values=[rate(day, self.now) for day in self.period.days],
            before=[rate(day, self.before) for day in earlier.days] if earlier else [],
            needs=SLOTS,
        )


def slot_tables(period: Period) -> tuple[Table, Table]:
    """The exposure mix by reason, and clicks by place. One query."""
    slots, words = promotions.slot_sums(period.first, period.last), promotions.words_of_exposure()
    return _mix(slots, words, period), _places(slots, words, period)


def funnel_table(period: Period) -> Table:
    """From seen to bought. People are those of each day: who comes on two days counts twice. One query."""
    days = promotions.funnel(period.first, period.last)

    def total(number: Callable[[DayFunnelRow], int]) -> int:
        return sum(map(number, days))

    looked = total(lambda day: day.view_actors)
    steps: list[tuple[Any, int, int | None]] = [
        (_("seen"), total(lambda day: day.impressions), None),
        (_("viewed"), total(lambda day: day.views), looked),
        (_("clicked"), total(lambda day: day.clicks), total(lambda day: day.click_actors)),
        (_("put in the cart"), total(lambda day: day.carts), total(lambda day: day.cart_actors)),
        (_("bought"), total(lambda day: day.purchases), total(lambda day: day.purchase_actors)),
    ]
    url = links.days("promotions_dayfunnel", period)
    return Table(
        "funnel",
        _("From seen to bought"),
        (
            Column("step", _("step")),
            Column("events", _("events"), COUNT),
            Column("people", _("people, day by day"), COUNT),
            Column("of_viewers", _("of those who looked"), RATIO),
        ),
        tuple(
            Row((str(label), events, people, None if people is None else share(people, looked)), url)
            for label, events, people in steps
        ),
        needs=EVENTS,
        chart="people",
    )


def _mix(slots: list[SlotSums], words: Mapping[str, str], period: Period) -> Table:
    seen_in_all = sum(slot.impressions for slot in slots)

    def reason(slot: SlotSums) -> str:
        return slot.reason

    sums = {key: _together(list(group)) for key, group in groupby(sorted(slots, key=reason), key=reason)}
    return Table(
        "exposure_mix",
        _("Why products were shown"),
        (Column("reason", _("reason")), Column("share", _("share of what was seen"), RATIO), *_NUMBERS),
        tuple(
            Row(
                (words[key], share(seen, seen_in_all), seen, clicked, share(clicked, seen)),
                links.days("promotions_slotdaily", period, reason__exact=key),
            )
            for key, (seen, clicked) in sorted(sums.items(), key=lambda each: (-each[1][0], each[0]))
        ),
        needs=SLOTS,
        chart="share",
    )


def _places(slots: list[SlotSums], words: Mapping[str, str], period: Period) -> Table:
    def place(slot: SlotSums) -> tuple[str, int]:
        return slot.context, slot.position

    rows = []
    for (context, position), group in groupby(sorted(slots, key=place), key=place):
        seen, clicked = _together(list(group))
        url = links.days("promotions_slotdaily", period, context__exact=context, position=position)
        rows.append(Row((words[context], position, seen, clicked, share(clicked, seen)), url))
    columns = (Column("context", _("where")), Column("position", _("place"), COUNT), *_NUMBERS)
    return Table("ctr_per_slot", _("Clicks by place"), columns, tuple(rows), needs=SLOTS)


def _together(slots: list[SlotSums]) -> tuple[int, int]:
    return sum(slot.impressions for slot in slots), sum(slot.clicks for slot in slots)


def _total(days: _Clicks) -> tuple[int, int]:
    return sum(seen for seen, _clicked in days.values()), sum(clicked for _seen, clicked in days.values())
