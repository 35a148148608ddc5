"""Why something was bought or was not: stable codes, and their sentences for whoever asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.core.formatting import shown_value
from marketplace.core.money import Money

BOUGHT: Final = "bought"
ASKED: Final = "asked"
JUMP_ASKS: Final = "jump_asks"
WAITING: Final = "waiting_for_answer"
UNDER_WAY: Final = "under_way"
LIST_OFF: Final = "list_off"
SWITCHED_OFF: Final = "switched_off"
NOT_AVAILABLE: Final = "not_available_now"
NO_SCHEDULE: Final = "no_schedule"
NO_PRICE: Final = "no_price"
UNRELIABLE: Final = "price_not_reliable"
CURRENCY: Final = "currency"
TOO_OLD: Final = "price_too_old"
OUT_OF_STOCK: Final = "out_of_stock"
DECLINED: Final = "declined"
NOT_ANSWERED: Final = "not_answered"
CAME_TO_NOTHING: Final = "came_to_nothing"
NOT_DUE: Final = "not_due"
ABOVE_TARGET: Final = "above_target"
NEXT_TIME: Final = "next_time"
SHORT: Final = "insufficient_funds"
WEEKLY_LIMIT: Final = "weekly_limit"
ADDRESS_NEEDED: Final = "address_needed"
CHANGED: Final = "changed_meanwhile"
REFUSED: Final = "refused"

SENTENCES: Final[Mapping[str, Promise]] = {
    BOUGHT: _("Bought, with %(cost)s set aside."),
    ASKED: _("You are asked first, until %(answer_by)s."),
    JUMP_ASKS: _(
        "Its price is not the one you saw: %(price)s instead of %(seen)s. You are asked, until %(answer_by)s."
    ),
    WAITING: _("It waits for your answer, until %(answer_by)s."),
    UNDER_WAY: _("It is being bought already."),
    LIST_OFF: _("Its list does not buy by itself, or is closed."),
    SWITCHED_OFF: _("You have switched it off."),
    # Also of what somebody has promised to give: its owner does not learn that.
    NOT_AVAILABLE: _("It is not to be had at the moment."),
    NO_SCHEDULE: _("No schedule that is switched on is about it."),
    NO_PRICE: _("Its price is not known: %(reason)s."),
    UNRELIABLE: _("Its price, %(price)s, was not read from data of the shop that a purchase may rest on."),
    CURRENCY: _("It is sold in %(currency)s, and its list is in %(list_currency)s."),
    TOO_OLD: _("Its price was read on %(read_at)s; it is read again first."),
    OUT_OF_STOCK: _("It is out of stock."),
    DECLINED: _("You said no to %(price)s. It is proposed again from %(until)s on, or at another price."),
    NOT_ANSWERED: _("You did not answer in time. It is proposed again from %(until)s on, or at another price."),
    CAME_TO_NOTHING: _(
        "A purchase at %(price)s came to nothing. It is tried again from %(until)s on, or at another price."
    ),
    NOT_DUE: _("Its turn is on %(next_at)s."),
    ABOVE_TARGET: _("It costs %(price)s; your target is %(target)s."),
    NEXT_TIME: _("Its schedule has bought something else this time."),
    SHORT: _("%(missing)s are missing in your wallet."),
    WEEKLY_LIMIT: _("It costs %(cost)s; your weekly limit leaves %(left)s."),
    ADDRESS_NEEDED: _("There is no address to send it to."),
    CHANGED: _("Something about it changed in the meantime; it is looked at again."),
    REFUSED: _("It could not be bought: %(reason)s."),
}

REASONS: Final[Mapping[str, Promise]] = {
    "waiting": _("its page has not been read yet"),
    "failed": _("its page could not be read"),
    "refused": _("its page may not be read"),
    "no_price": _("its page says none"),
    "unreadable": _("its page cannot be understood"),
    "price_changed": _("its price went up while it was being bought"),
    "promotion_used_up": _("a promotion was used up"),
}
"""Of params named `reason`; a code that is not here is shown as it is."""


def sentence(outcome: str, params: Mapping[str, Any]) -> str:
    """The answer to "why?" in the reader's language and time zone; `params` as they are kept in a run's record."""
    pattern = SENTENCES.get(outcome)
    if pattern is None:
        return outcome
    return str(pattern) % {name: _shown(name, value) for name, value in params.items()}


def kept(params: Mapping[str, Any]) -> dict[str, Any]:
    """Params as JSON: money as {amount, currency}, moments as text."""
    return {name: _kept(value) for name, value in params.items()}


def _kept(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount": f"{value.decimal:f}", "currency": value.currency}
    return value.isoformat() if isinstance(value, datetime) else value


def _shown(name: str, value: Any) -> str:
    if name == "reason":
        return str(REASONS.get(str(value), value))
    if name in MOMENTS and isinstance(value, str):
        value = datetime.fromisoformat(value)
    return str(shown_value(value))


MOMENTS: Final = frozenset({"answer_by", "until", "read_at", "next_at"})
