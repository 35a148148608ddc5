"""The one table of what people are told: kind, words, channels, and which fact of which context causes it.

A context that wants its customers told publishes an event; the row here says the rest. Words are templates over the
message's parameters, translated when somebody reads. Nobody registers from below: this table is the whole truth.
"""

from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.core.events import json_ready
from promotions import facade as promotions
from promotions.events import UnitFreed
from users.events import EmailVerified

from .gifts import GIFTS
from .loyalty import LOYALTY
from .money import MONEY
from .orders import ORDERS
from .stores import STORES
from .values import Cause, Kind, Params

ANNOUNCEMENT: Final = "announcement"
BROADCAST: Final = "broadcast"
FLASH_STARTED: Final = "flash_started"
LIST_REMINDER: Final = "list_reminder"
WEEKLY_SUMMARY: Final = "weekly_summary"


def _free_unit_params(event: UnitFreed) -> Params:
    promo = promotions.promo_card(event.promo_id)
    return {
        "promo": str(event.promo_id),
        "product": promo.product_name,
        "store": promo.store_name,
        "price": json_ready(promo.price),
        "until": event.until.isoformat(),
    }


_TABLE = (
    Kind(
        code=FLASH_STARTED,
        name=_("Flash promotions near you"),
        title=_("Flash promotion near you: %(product)s"),
        body=_("%(product)s for %(price)s at %(store)s, only while units last. Whoever takes one has a minute to pay."),
        by_push=True,
    ),
    Kind(
        code="flash_unit_free",
        name=_("Units that come free while you wait in line"),
        title=_("A unit is free: %(product)s"),
        body=_("%(product)s for %(price)s at %(store)s is free again. Reserve it now: whoever comes first has it."),
        by_push=True,
        cause=Cause(
            event=UnitFreed,
            customer=lambda event: event.customer_id,
            # Each time a unit comes free for them is a message of its own.
            subject=lambda event: f"{event.promo_id}:{event.customer_id}:{event.until.isoformat()}",
            params=_free_unit_params,
        ),
    ),
    *ORDERS,
    *MONEY,
    *STORES,
    *GIFTS,
    *LOYALTY,
    Kind(
        code=LIST_REMINDER,
        name=_("Reminders of lists that wait"),
        title=_("“%(list)s” is waiting: %(item)s"),
        body=_("On your list “%(list)s” wait: %(count)s, first of all %(item)s. Nothing has changed there for long."),
        by_mail=True,
        may_wait=True,
    ),
    Kind(
        code=WEEKLY_SUMMARY,
        name=_("Your week, on Mondays"),
        title=_("Your week, %(from)s to %(to)s"),
        body=_(
            "Bought by itself: %(bought_count)s. Still wanted: %(wish_count)s, cheaper than a week ago: "
            "%(cheaper_count)s. %(incoming)s came into your wallet, %(outgoing)s went out."
        ),
        by_mail=True,
    ),
    Kind(
        code="welcome",
        name=_("Welcome"),
        title=_("Welcome!"),
        body=_("Your address is verified. Say where you are in your profile and we tell you about promotions nearby."),
        may_wait=True,
        cause=Cause(
            event=EmailVerified,
            customer=lambda event: event.user_id,
            subject=lambda event: event.user_id,
        ),
    ),
    Kind(
        code=ANNOUNCEMENT,
        name=_("News from the shop"),
        title="%(title)s",
        body="%(body)s",
        by_mail=True,
        by_push=True,
        may_wait=True,
    ),
    # The house's words in each language; which channels besides the inbox is said by each broadcast.
    Kind(
        code=BROADCAST,
        name=_("What the shop tells many"),
        title="%(title)s",
        body="%(body)s",
        by_mail=True,
        by_push=True,
        may_wait=True,
    ),
)

KINDS: Final = {kind.code: kind for kind in _TABLE}
