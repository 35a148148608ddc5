"""A campaign as its makers state it, and what can be wrong with that."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.core.errors import FieldError, gettext_noop
from marketplace.core.money import CURRENCIES, Money
from promotions.rules.stacking import stacking_errors
from promotions.rules.tiers import TIER_NAMES

from .benefits import benefit_errors
from .models import CODE_LENGTH, MAX_USES, Campaign
from .selectors import TARGETS, normal_code

CODE_PATTERN: Final = r"[A-Z0-9][A-Z0-9-]{2,39}"
_CODE = re.compile(CODE_PATTERN, re.ASCII)
_LISTS: Final = {"categories": "category_ids", "products": "product_ids", "stores": "store_ids"}


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """A code (its case does not matter) and how often it can be used; none is as often as its campaign."""

    code: str
    max_uses: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """A campaign as its makers state it. `benefits_json` by the published schema; amounts are in `currency`.

    Targets are those of the scope; no tiers or segments is everybody.
    """

    name: str
    benefits_json: Any
    starts_at: datetime
    ends_at: datetime | None = None
    description: str = ""
    scope: str = "order"
    category_ids: frozenset[UUID] = frozenset()
    product_ids: frozenset[UUID] = frozenset()
    store_ids: frozenset[UUID] = frozenset()
    segment_ids: frozenset[UUID] = frozenset()
    tiers: frozenset[str] = frozenset()
    currency: str = ""
    min_ticket: Money | None = None
    priority: int = 0
    is_exclusive: bool = False
    stack_group: str = ""
    needs_coupon: bool = False
    max_uses: int | None = None
    max_uses_per_customer: int | None = None
    coupons: tuple[CouponTerms, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether uses are counted against a limit."""
        return self.max_uses is not None or self.max_uses_per_customer is not None

    def columns(self) -> dict[str, Any]:
        """As the table has them; lists and coupons are tables of their own."""
        return {
            "name": self.name.strip(),
            "description": self.description,
            "benefits_json": self.benefits_json,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "scope": self.scope,
            "is_for_segments": bool(self.segment_ids),
            "tiers": sorted(self.tiers),
            "currency": self.currency,
            "min_ticket_minor": 0 if self.min_ticket is None else self.min_ticket.minor,
            "priority": self.priority,
            "is_exclusive": self.is_exclusive,
            "stack_group": self.stack_group,
            "needs_coupon": self.needs_coupon,
            "max_uses": self.max_uses,
            "max_uses_per_customer": self.max_uses_per_customer,
        }

    def lists(self) -> dict[str, frozenset[UUID]]:
        """Targets and segments, by the model's names."""
        return {name: getattr(self, ids) for name, ids in _LISTS.items()} | {"segments": self.segment_ids}

    def said(self) -> dict[str, Any]:
        """For the audit trail."""
        values = asdict(self)
        ids = {f"{name}": sorted(map(str, values[name])) for name in (*_LISTS.values(), "segment_ids")}
        coupons = [each.code if each.max_uses is None else f"{each.code} × {each.max_uses}" for each in self.coupons]
        rest = {"tiers": sorted(self.tiers), "min_ticket": str(self.min_ticket or ""), "coupons": coupons}
        return values | ids | rest


def terms_of(campaign: Campaign) -> CampaignTerms:
    """The terms as they are stored."""
    columns: dict[str, Any] = {
        name: getattr(campaign, name)
        for name in (
            *("name", "description", "benefits_json", "starts_at", "ends_at", "scope", "currency", "min_ticket"),
            *("priority", "is_exclusive", "stack_group", "needs_coupon", "max_uses", "max_uses_per_customer"),
        )
    }
    lists: dict[str, Any] = {
        ids: frozenset(row.pk for row in getattr(campaign, name).all()) for name, ids in _LISTS.items()
    }
    return CampaignTerms(
        **columns,
        **lists,
        tiers=frozenset(campaign.tiers),
        segment_ids=frozenset(segment.pk for segment in campaign.segments.all()),
        coupons=sorted_coupons(CouponTerms(coupon.code, coupon.max_uses) for coupon in campaign.coupons.all()),
    )


def sorted_coupons(coupons: "Iterator[CouponTerms]") -> tuple[CouponTerms, ...]:
    """By code, as it is kept: equal lists of coupons are equal values."""
    kept = (CouponTerms(normal_code(each.code), each.max_uses) for each in coupons)
    return tuple(sorted(kept, key=lambda each: each.code))


def wrong_terms(terms: CampaignTerms) -> list[FieldError]:
    """Everything that is wrong with the terms in themselves, by field; what they name is not looked up."""
    return [
        *_text_errors(terms),
        *_money_errors(terms),
        *_scope_errors(terms),
        *benefit_errors(terms.benefits_json, scope=terms.scope, currency=terms.currency),
        *stacking_errors(priority=terms.priority, is_exclusive=terms.is_exclusive, stack_group=terms.stack_group),
        *_use_errors(terms),
        *_coupon_errors(terms),
    ]


def _text_errors(terms: CampaignTerms) -> Iterator[FieldError]:
    if not terms.name.strip():
        yield FieldError("name", "blank", gettext_noop("Give it a name."))
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        yield _wrong("ends_at", gettext_noop("The end must come after the start."))
    if not terms.tiers <= TIER_NAMES:
        yield _wrong("tiers", gettext_noop("There is no such level."))


def _money_errors(terms: CampaignTerms) -> Iterator[FieldError]:
    if terms.currency and terms.currency not in CURRENCIES:
        yield _wrong("currency", gettext_noop("Unknown currency."))
    if terms.min_ticket is not None and terms.min_ticket.currency != terms.currency:
        yield _wrong("min_ticket", gettext_noop("All amounts of a campaign are in its currency."))
    if terms.min_ticket is not None and terms.min_ticket.minor <= 0:
        yield _wrong("min_ticket", gettext_noop("The amount must be more than zero."))


def _scope_errors(terms: CampaignTerms) -> Iterator[FieldError]:
    if terms.scope not in Campaign.Scope.values:
        yield _wrong("scope", gettext_noop("There is no such scope."))
        return
    own = TARGETS.get(terms.scope)
    for name, ids in _LISTS.items():
        given = bool(getattr(terms, ids))
        if name == own and not given:
            yield FieldError(name, "required", gettext_noop("Say what the campaign is about."))
        if name != own and given:
            yield _wrong(name, gettext_noop("The campaign's scope is another one."))


def _use_errors(terms: CampaignTerms) -> Iterator[FieldError]:
    limits: Mapping[str, int | None] = {
        "max_uses": terms.max_uses,
        "max_uses_per_customer": terms.max_uses_per_customer,
        **{f"coupons[{place}].max_uses": each.max_uses for place, each in enumerate(terms.coupons)},
    }
    for name, limit in limits.items():
        if limit is not None and not 1 <= limit <= MAX_USES:
            yield _wrong(name, gettext_noop("Give a number of uses from 1 on, or none."))


def _coupon_errors(terms: CampaignTerms) -> Iterator[FieldError]:
    codes = [each.code for each in terms.coupons]
    if any(not _CODE.fullmatch(code) or len(code) > CODE_LENGTH for code in codes):
        detail = gettext_noop("A code has 3 to 40 letters, digits and hyphens.")
        yield _wrong("coupons", detail)
    if len(set(codes)) < len(codes):
        yield FieldError("coupons", "duplicate", gettext_noop("Give each code once."))
    if codes and not terms.needs_coupon:
        yield _wrong("needs_coupon", gettext_noop("A campaign with coupons is one that needs a coupon."))


def _wrong(field: str, detail: str) -> FieldError:
    return FieldError(field, "invalid", detail)
