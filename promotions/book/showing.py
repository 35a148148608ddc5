"""What customers see of the rules: those under way, and why one does not apply to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import NotFoundError
from marketplace.core.money import Money
from promotions.campaigns.selectors import coupon_rules, descriptions, rule_limits
from promotions.contracts import Buyer, PriceRule, RefusedRule
from promotions.rules.conditions import refusals
from promotions.rules.recurrence import happens_on, local_day

from .keeping import rule_book


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule under way, with what its makers wrote about it."""

    rule: PriceRule
    description: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule, and every reason why it does not apply."""

    rule: PriceRule
    refused: tuple[RefusedRule, ...]


def rules_under_way(at: datetime) -> list[PriceRule]:
    """What anybody may be told of: begun, not over, on today, and without a coupon. In the order they are applied."""
    day = local_day(at)
    return [
        rule
        for rule in rule_book().rules
        if not rule.needs_coupon
        and (rule.starts_at is None or rule.starts_at <= at)
        and (rule.ends_at is None or at < rule.ends_at)
        and happens_on(rule, day)
    ]


def described(rules: Sequence[PriceRule]) -> list[Shown]:
    """The rules with their descriptions; one query, none without campaigns."""
    ids = [rule.rule_id for rule in rules if rule.kind == "campaign"]
    texts = descriptions(ids) if ids else {}
    return [Shown(rule, texts.get(rule.rule_id, "")) for rule in rules]


def verdict(rule_id: UUID, *, buyer: Buyer, at: datetime, ticket: Money | None = None, coupon: str = "") -> Verdict:
    """Whether the rule applies to the buyer. Without a ticket nothing is said of currency and minimum.

    Raises `NotFoundError` for a rule that is not switched on.
    """
    rule = next((each for each in rule_book().rules if each.rule_id == rule_id), None)
    if rule is None:
        raise NotFoundError
    has_coupon = bool(coupon) and coupon_rules([coupon], at).get(coupon) == rule_id
    refused = refusals(
        rule,
        buyer=buyer,
        at=at,
        ticket_minor=rule.min_ticket_minor if ticket is None else ticket.minor,
        currency=rule.currency if ticket is None else ticket.currency,
        has_coupon=has_coupon,
        limit=rule_limits([rule_id], buyer.customer_id).get(rule_id) if rule.is_limited else None,
    )
    return Verdict(rule, refused)
