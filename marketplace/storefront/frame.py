"""What stands around every page: who is signed in, their money, their unread notifications."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from funds import facade as funds
from marketplace.core.money import Money
from notifications import facade as notifications
from notifications.contracts import Notice

from .answers import account_id

SHOWN_NOTICES = 20


@dataclass(frozen=True, slots=True)
class Bell:
    """How many notifications wait, and the latest one, which the page says aloud when it is new."""

    unread_count: int
    newest: Notice | None

    @property
    def shown_count(self) -> str:
        """Nobody counts on for ever."""
        cap = notifications.UNREAD_CAP
        return str(self.unread_count) if self.unread_count < cap else f"{cap - 1}+"

    @property
    def seen(self) -> str:
        """Changes with what the bell shows."""
        return f"{self.unread_count}.{self.newest.notice_id if self.newest else 0}"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the base template; three queries for whoever is signed in, none for others."""
    if not request.user.is_authenticated:
        return {}
    own = account_id(request)
    return {"wallet": wallet_of(own), "bell": bell_of(own)}


def wallet_of(customer_id: UUID) -> Money:
    """What can be spent in the shop's currency."""
    own = (wallet.available for wallet in funds.wallets_of(customer_id))
    currency = settings.DEFAULT_CURRENCY
    return next((money for money in own if money.currency == currency), Money.zero(currency))


def bell_of(customer_id: UUID) -> Bell:
    """The bell as it stands now."""
    newest = notices(customer_id, limit=1)
    return Bell(notifications.unread_count(customer_id), newest[0] if newest else None)


def notices(customer_id: UUID, *, limit: int = SHOWN_NOTICES) -> list[Notice]:
    """The latest notifications in the language of the page."""
    language = get_language() or settings.LANGUAGE_CODE
    return notifications.notices_of(customer_id, language=language, limit=limit)
