"""A broadcast as its writers state it, and what can be wrong with that."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from marketplace.core.errors import FieldError, gettext_noop
from notifications.kinds.channels import Channel
from users.contracts import Audience
from users.facade import Tier

from .models import Broadcast

MOST_DAYS: Final = 3_650
MOST_KM: Final = 20_040
CIRCLE: Final = ("latitude", "longitude", "radius_km")
TEXTS: Final = {"title_en": 120, "title_es": 120, "body_en": 2_000, "body_es": 2_000}
CHANNELS: Final = [choice for choice in Channel.choices if choice[0] != Channel.INBOX]
"""Besides the inbox, which is the record."""
_COLUMNS: Final = ("name", *TEXTS, *CIRCLE, "active_within_days", "send_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastTerms:
    """Both languages; no segments or tiers is everybody; a circle is all three of its values or none.

    `channels` besides the inbox; `active_within_days`: an order that succeeded within so many days before it is sent.
    """

    name: str
    title_en: str
    title_es: str
    body_en: str
    body_es: str
    channels: frozenset[str] = frozenset()
    segment_ids: frozenset[UUID] = frozenset()
    tiers: frozenset[str] = frozenset()
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    active_within_days: int | None = None
    send_at: datetime | None = None

    def columns(self) -> dict[str, Any]:
        """As the table has them; segments are a table of their own."""
        texts = {name: getattr(self, name).strip() for name in ("name", *TEXTS)}
        rest = {name: getattr(self, name) for name in (*CIRCLE, "active_within_days", "send_at")}
        return texts | rest | {"channels": sorted(self.channels), "tiers": sorted(self.tiers)}

    def said(self) -> dict[str, Any]:
        """For the audit trail."""
        lists = {name: sorted(map(str, getattr(self, name))) for name in ("channels", "segment_ids", "tiers")}
        return asdict(self) | lists | {"send_at": self.send_at and self.send_at.isoformat()}

    def audience(self, at: datetime) -> Audience:
        """Whom it is for when it is sent at that moment."""
        days = self.active_within_days
        return Audience(
            latitude=self.latitude,
            longitude=self.longitude,
            radius_km=self.radius_km,
            segment_ids=self.segment_ids,
            tiers=self.tiers,
            ordered_since=None if days is None else at - timedelta(days=days),
        )


def terms_of(broadcast: Broadcast) -> BroadcastTerms:
    """The terms as they are stored."""
    columns: dict[str, Any] = {name: getattr(broadcast, name) for name in _COLUMNS}
    return BroadcastTerms(
        **columns,
        channels=frozenset(broadcast.channels),
        tiers=frozenset(broadcast.tiers),
        segment_ids=frozenset(segment.pk for segment in broadcast.segments.all()),
    )


def wrong_terms(terms: BroadcastTerms) -> list[FieldError]:
    """Everything that is wrong with the terms in themselves, by field; segments are not looked up."""
    return [*_text_errors(terms), *_audience_errors(terms)]


def _text_errors(terms: BroadcastTerms) -> Iterator[FieldError]:
    for name in ("name", *TEXTS):
        if not getattr(terms, name).strip():
            yield FieldError(name, "blank", gettext_noop("Write it in both languages, and give it a name."))
    if not terms.channels <= {value for value, _label in CHANNELS}:
        yield _wrong("channels", gettext_noop("There is no such channel."))


def _audience_errors(terms: BroadcastTerms) -> Iterator[FieldError]:
    if not terms.tiers <= set(Tier.values):
        yield _wrong("tiers", gettext_noop("There is no such level."))
    circle = [getattr(terms, name) for name in CIRCLE]
    if None in circle and circle != [None, None, None]:
        yield _wrong("radius_km", gettext_noop("Give a place and a radius, or neither."))
    if terms.latitude is not None and not -90 <= terms.latitude <= 90:
        yield _wrong("latitude", gettext_noop("Degrees, -90 to 90."))
    if terms.longitude is not None and not -180 <= terms.longitude <= 180:
        yield _wrong("longitude", gettext_noop("Degrees, -180 to 180."))
    if terms.radius_km is not None and not 0 < terms.radius_km <= MOST_KM:
        yield _wrong("radius_km", gettext_noop("More than nothing, and at most half around the Earth."))
    if terms.active_within_days is not None and not 1 <= terms.active_within_days <= MOST_DAYS:
        yield _wrong("active_within_days", gettext_noop("A number of days, from 1 to ten years."))


def _wrong(field: str, detail: str) -> FieldError:
    return FieldError(field, "invalid", detail)
