"""Whether a rule applies, and every reason why it does not. Pure: no query, no clock."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from marketplace.core.errors import gettext_noop
from marketplace.core.formatting import shown_params
from marketplace.core.money import Money
from promotions.contracts import Buyer, PriceRule, RefusedRule, RuleLimit

from .recurrence import happens_on, local_day

SENTENCES: Final[Mapping[str, str]] = {
    "not_started": gettext_noop("This promotion has not begun yet."),
    "ended": gettext_noop("This promotion is over."),
    "not_today": gettext_noop("This promotion is not on today."),
    "tier": gettext_noop("This promotion is for customers of another level."),
    "segment": gettext_noop("This promotion is for other customers."),
    "currency": gettext_noop("This promotion is for purchases in %(currency)s."),
    "min_ticket": gettext_noop("Buy for %(missing)s more to get this promotion."),
    "coupon_needed": gettext_noop("This promotion needs a coupon code."),
    "used_up": gettext_noop("This promotion is used up."),
    "used_up_by_customer": gettext_noop("You have used this promotion as often as one can."),
}
NO_REFUSALS: Final[tuple[RefusedRule, ...]] = ()


def refusals(
    rule: PriceRule,
    *,
    buyer: Buyer,
    at: datetime,
    ticket_minor: int,
    currency: str,
    has_coupon: bool = False,
    limit: RuleLimit | None = None,
    day: date | None = None,
) -> tuple[RefusedRule, ...]:
    """Every condition that fails, by code (`SENTENCES`); nothing when the rule applies to this buyer and ticket.

    `ticket_minor` and `currency` are the goods' sum. `limit` as `rule_limits` answered, None for a rule that has none.
    `day` is `local_day(at)`, for whoever asks about many rules. Which lines a rule is about is not asked here.
    """
    failed: list[RefusedRule] | None = None
    for code, fails in (
        ("not_started", rule.starts_at is not None and at < rule.starts_at),
        ("ended", rule.ends_at is not None and at >= rule.ends_at),
        (
            "not_today",
            bool(rule.weekdays or rule.month_days) and not happens_on(rule, local_day(at) if day is None else day),
        ),
        ("tier", bool(rule.tiers) and buyer.tier not in rule.tiers),
        ("segment", bool(rule.segment_ids) and rule.segment_ids.isdisjoint(buyer.segment_ids)),
        ("currency", bool(rule.currency) and rule.currency != currency),
        ("min_ticket", ticket_minor < rule.min_ticket_minor and rule.currency == currency),
        ("coupon_needed", rule.needs_coupon and not has_coupon),
        ("used_up", limit is not None and limit.left is not None and limit.left <= 0),
        (
            "used_up_by_customer",
            limit is not None and limit.left_of_customer is not None and limit.left_of_customer <= 0,
        ),
    ):
        if fails:
            failed = failed or []
            failed.append(RefusedRule(rule.rule_id, code, _params(rule, code, ticket_minor)))
    return NO_REFUSALS if failed is None else tuple(failed)


def _params(rule: PriceRule, code: str, ticket_minor: int) -> Mapping[str, str]:
    if code == "currency":
        return {"currency": rule.currency}
    if code == "min_ticket":
        return {"missing": str(Money(rule.min_ticket_minor - ticket_minor, rule.currency))}
    return {}


def rule_refusal_text(code: str, params: Mapping[str, str]) -> str:
    """The sentence of a refusal in the reader's language. Raises `KeyError` for a code that is none."""
    text = _(SENTENCES[code])
    return text % shown_params(params) if params else text
