"""Writes of alerts: set, change, remove, and judge what the prices mean."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from links.events import PriceAlertRaised, PriceAlertSet
from links.product_links.models import ProductLink
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from stores import facade as stores

from .errors import AlertCurrencyError, TooManyAlertsError, WatchedNotFoundError
from .judging import BOTH, UP, Outcome, Verdict, Watch, judge
from .models import PriceAlert
from .selectors import alert_of, alerts_of, prices_watched

MOST_PERCENT = 1_000
CHUNK = 500
"""Alerts that are judged at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where an alert tells: at a target price, or so many percent away, in a direction."""

    direction: str
    target: Money | None = None
    percent: int | None = None

    def check(self) -> None:
        """Raises `InvalidInputError`: one of the two; a target has a side; nothing falls by all of its price."""
        if (self.target is None) == (self.percent is None):
            detail = gettext_noop("Give either a target price or a percentage.")
            raise InvalidInputError.of("target", "one_line", detail)
        if self.target is not None and self.direction == BOTH:
            raise InvalidInputError.of("direction", "target_has_a_side", gettext_noop("A target is up or down."))
        if self.percent is not None and self.percent > (MOST_PERCENT if self.direction == UP else 99):
            raise InvalidInputError.of("percent", "max_value", gettext_noop("A price cannot fall by that much."))


class AlertChange(TypedDict, total=False):
    """What may be said of an alert later; what is absent stays. A target takes a percentage's place, or the reverse."""

    direction: str
    target: Money | None
    percent: int | None
    is_enabled: bool


@transaction.atomic
def set_alert(
    *,
    customer_id: UUID,
    line: Line,
    link_id: UUID | None = None,
    variant_id: UUID | None = None,
    is_enabled: bool = True,
) -> PriceAlert:
    """Watch a link of the customer's, or a variant of the catalogue. A line that is crossed already tells at once.

    At most PRICE_ALERTS_PER_CUSTOMER. Raises `InvalidInputError`, `WatchedNotFoundError`, `TooManyAlertsError`,
    `AlertCurrencyError`.
    """
    line.check()
    _lock_customer(customer_id)
    price = _watched_price(customer_id, link_id, variant_id)
    limit = settings.PRICE_ALERTS_PER_CUSTOMER
    if alerts_of(customer_id).count() >= limit:
        raise TooManyAlertsError(limit=limit)
    alert = PriceAlert(customer_id=customer_id, link_id=link_id, variant_id=variant_id, is_enabled=is_enabled)
    _draw(alert, line, price)
    alert.save(force_insert=True)
    publish(PriceAlertSet(alert_id=alert.pk))
    return alert_of(customer_id, alert.pk)


@transaction.atomic
def change_alert(*, customer_id: UUID, alert_id: UUID, **values: Unpack[AlertChange]) -> PriceAlert:
    """Move an alert's line, or switch it. A moved line, or an alert switched on again, begins afresh at today's price.

    Raises `AlertNotFoundError`, `InvalidInputError`, `AlertCurrencyError`.
    """
    _lock_customer(customer_id)
    alert = alert_of(customer_id, alert_id)
    line = _changed_line(alert, values)
    line.check()
    is_enabled = values.get("is_enabled", alert.is_enabled)
    if line != line_of(alert) or (is_enabled and not alert.is_enabled):
        _draw(alert, line, prices_watched([alert])[alert.pk])
        publish(PriceAlertSet(alert_id=alert.pk))
    alert.is_enabled = is_enabled
    alert.save()
    return alert


@transaction.atomic
def remove_alert(*, customer_id: UUID, alert_id: UUID) -> None:
    """Watch no longer. Raises `AlertNotFoundError`."""
    alert_of(customer_id, alert_id).delete()


@transaction.atomic
def forget_alerts(customer_id: UUID) -> None:
    """Erasure: the person waits for no price any more."""
    PriceAlert.objects.filter(customer=customer_id).delete()


def settle_alerts(*, alerts: QuerySet[PriceAlert], at: datetime) -> int:
    """Judge these alerts by what their things cost now, and tell; how many were told. Harmless twice, also at once.

    Outside a transaction: each alert commits on its own, by comparing it with what was judged, and is judged again
    until its price means nothing to it. So two judges tell once, and a price that changes meanwhile is seen by one.
    """
    told = 0
    last: UUID | None = None
    ids = alerts.order_by("pk").values_list("pk", flat=True)
    page: list[UUID]
    while page := list((ids if last is None else ids.filter(pk__gt=last))[:CHUNK]):
        last = page[-1]
        while page:
            rows = list(alerts.filter(pk__in=page).select_related("link__page"))
            prices = prices_watched(rows)
            verdicts = [(alert, _judge(alert, prices[alert.pk]), prices[alert.pk]) for alert in rows]
            news = [(alert, verdict, price) for alert, verdict, price in verdicts if verdict.outcome != Outcome.NOTHING]
            told += sum(_apply(alert, verdict, price, at) for alert, verdict, price in news)
            page = [alert.pk for alert, _verdict, _price in news]
    return told


@transaction.atomic
def _apply(alert: PriceAlert, verdict: Verdict, price: Money | None, at: datetime) -> bool:
    """Whether the customer was told: not if somebody else has judged or changed the alert since it was read."""
    after = verdict.after
    values: dict[str, Any] = {
        "reference_minor": after.reference,
        "currency": after.currency,
        "is_armed": after.is_armed,
        "updated_at": at,
    }
    is_told = verdict.outcome == Outcome.TELL and price is not None
    if is_told:
        values["told_at"] = at
    if not PriceAlert.objects.filter(pk=alert.pk, is_enabled=True, **_judged_by(alert)).update(**values):
        return False
    if is_told and price is not None:
        publish(
            PriceAlertRaised(
                alert_id=alert.pk,
                customer_id=alert.customer_id,
                direction=verdict.direction,
                price=price,
                reference=_measured_from(alert, price.currency),
                raised_at=at,
            )
        )
    return is_told


def _judged_by(alert: PriceAlert) -> dict[str, Any]:
    """All that the verdict rested on, and when it was last told."""
    names = ("direction", "target_minor", "percent", "reference_minor", "currency", "is_armed", "told_at")
    values = {name: getattr(alert, name) for name in names}
    # A filter for equality with nothing is written otherwise.
    return {name if value is not None else f"{name}__isnull": True if value is None else value
            for name, value in values.items()}  # fmt: skip


def _measured_from(alert: PriceAlert, currency: str) -> Money | None:
    minor = alert.reference_minor if alert.target_minor is None else alert.target_minor
    return None if minor is None else Money(minor, currency)


def _judge(alert: PriceAlert, price: Money | None) -> Verdict:
    watch = Watch(
        direction=alert.direction,
        target=alert.target_minor,
        percent=alert.percent,
        reference=alert.reference_minor,
        currency=alert.currency,
        is_armed=alert.is_armed,
        has_told=alert.told_at is not None,
    )
    return judge(watch, price, hysteresis=settings.PRICE_ALERT_HYSTERESIS_PERCENT)


def _draw(alert: PriceAlert, line: Line, price: Money | None) -> None:
    """The line, as nobody had been told by it. Raises `AlertCurrencyError`."""
    if line.target is not None and price is not None and line.target.currency != price.currency:
        raise AlertCurrencyError(currency=price.currency)
    alert.direction, alert.percent = line.direction, line.percent
    alert.target_minor = None if line.target is None else line.target.minor
    alert.reference_minor = None if price is None else price.minor
    known = line.target or price
    alert.currency = "" if known is None else known.currency
    alert.is_armed, alert.told_at = True, None


def line_of(alert: PriceAlert) -> Line:
    """Where the alert tells."""
    target = None if alert.target_minor is None else Money(alert.target_minor, alert.currency)
    return Line(direction=alert.direction, target=target, percent=alert.percent)


def _changed_line(alert: PriceAlert, values: AlertChange) -> Line:
    line = line_of(alert)
    target, percent = values.get("target"), values.get("percent")
    if target is None and percent is None:
        target, percent = line.target, line.percent
    return Line(direction=values.get("direction", line.direction), target=target, percent=percent)


def _watched_price(customer_id: UUID, link_id: UUID | None, variant_id: UUID | None) -> Money | None:
    """What it costs, as far as it is known. Raises `InvalidInputError` for not exactly one, `WatchedNotFoundError`."""
    if variant_id is not None and link_id is None:
        card = stores.variant_cards([variant_id]).get(variant_id)
        if card is None or not card.is_sellable:
            raise WatchedNotFoundError
        return card.price
    if link_id is None or variant_id is not None:
        raise InvalidInputError.of("product_link", "one_thing", gettext_noop("Name either a link or a variant."))
    own = ProductLink.objects.filter(customer=customer_id, archived_at__isnull=True)
    link = own.select_related("page").filter(pk=link_id).first()
    if link is None:
        raise WatchedNotFoundError
    return link.page.price


def _lock_customer(customer_id: UUID) -> None:
    lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=customer_id))
