"""Benefits and refusals as they are stored in orders and shown to people."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.core.errors import gettext_noop
from promotions import facade as promotions

from .offers import FINAL_PRICE, NO_SAVING, OUTRANKED
from .values import NOT_FOR_THESE, Applied, Refused

SENTENCES: Final[Mapping[str, str]] = {
    OUTRANKED: gettext_noop("Another promotion saves more, or goes first."),
    NO_SAVING: gettext_noop("This promotion would save nothing here."),
    NOT_FOR_THESE: gettext_noop("This promotion is for other products."),
    FINAL_PRICE: gettext_noop("This price is final already."),
}


def stored_benefit(applied: Applied) -> dict[str, Any]:
    """As an order keeps it."""
    return {
        "rule": str(applied.rule_id),
        "kind": applied.kind,
        "version": applied.version,
        "name": applied.name,
        "amount_minor": applied.amount.minor,
    }


def stored_refusal(refused: Refused) -> dict[str, Any]:
    """As an order keeps it."""
    return {
        "rule": str(refused.rule_id),
        "kind": refused.kind,
        "version": refused.version,
        "name": refused.name,
        "code": refused.code,
        "params": dict(refused.params),
    }


def refusal_text(code: str, params: Mapping[str, str]) -> str:
    """Why a promotion does not apply, in the reader's language."""
    return _(SENTENCES[code]) if code in SENTENCES else promotions.rule_refusal_text(code, params)
