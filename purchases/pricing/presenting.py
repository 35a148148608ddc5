"""Benefits and refusals as they are stored in orders and shown to people."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.core.errors import gettext_noop
from promotions import facade as promotions

from .offers import FINAL_PRICE, NO_SAVING, OUTRANKED, WORTH_MORE
from .values import NOT_FOR_THESE, Applied, Refused, Rejected

SENTENCES: Final[Mapping[str, str]] = {
    OUTRANKED: gettext_noop("Another promotion saves more, or goes first."),
    NO_SAVING: gettext_noop("This promotion would save nothing here."),
    NOT_FOR_THESE: gettext_noop("This promotion is for other products."),
    FINAL_PRICE: gettext_noop("This price is final already."),
    WORTH_MORE: gettext_noop("This reward is worth more than what is left to pay: it waits for a larger order."),
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


def rejections(whole: Iterable[Refused], by_line: Iterable[tuple[int, Iterable[Refused]]]) -> tuple[Rejected, ...]:
    """Each rule once with each of its reasons, and the lines it is about: lines share most of what is refused.

    Of the whole first; what is about every line is about the whole, too. The pipeline gives every line the same value
    for the same refusal, so being it is enough.
    """
    places: dict[int, list[int]] = {}
    known: dict[int, Refused] = {}
    asked = 0
    for place, refused in by_line:
        asked += 1
        for each in refused:
            found = places.get(id(each))
            if found is None:
                known[id(each)], places[id(each)] = each, [place]
            elif found[-1] != place:
                found.append(place)
    of_lines = (Rejected(known[key], tuple(found) if len(found) < asked else ()) for key, found in places.items())
    return (*(Rejected(each) for each in whole), *of_lines)


def stored_refusal(rejected: Rejected) -> dict[str, Any]:
    """As an order keeps it."""
    refused = rejected.refused
    return {
        "rule": str(refused.rule_id),
        "kind": refused.kind,
        "version": refused.version,
        "name": refused.name,
        "code": refused.code,
        "params": dict(refused.params),
        "lines": list(rejected.places),
    }


def refusal_text(code: str, params: Mapping[str, str]) -> str:
    """Why a promotion does not apply, in the reader's language."""
    return _(SENTENCES[code]) if code in SENTENCES else promotions.rule_refusal_text(code, params)
