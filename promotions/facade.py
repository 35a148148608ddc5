"""What other contexts may call of promotions."""

from collections.abc import Sequence
from datetime import datetime

from marketplace.core.kpis import Kpi

from .contracts import RunningPromo
from .flash import figures

# How a reservation goes over the wire, for views that answer with one.
from .flash.api.serializers import ReservationSerializer
from .flash.running import running_copy

# One reservation as it stands by the database's clock.
# Who may take a promotion, for the statement that finds the audience; what a message says about it.
from .flash.selectors import promo_audience_rule, promo_card, promo_title, reservation_card

# Makes a held unit the customer's for good, in the caller's transaction; five queries, fenced by the claim's number.
from .flash.services.claims import claim_sale

# Makes a promotion, its units, and sets its stock aside; `Offer` states the terms. One whose time has come starts.
from .flash.services.planning import Offer, end_promo, schedule_promo


def running_promos(at: datetime) -> Sequence[RunningPromo]:
    """What can be taken at that moment, from this process's copy; ends first come first."""
    return running_copy(at).at(at)


def kpis() -> list[Kpi]:
    """Figures for the dashboard."""
    return figures.kpis()


__all__ = [
    "Offer",
    "ReservationSerializer",
    "claim_sale",
    "end_promo",
    "kpis",
    "promo_audience_rule",
    "promo_card",
    "promo_title",
    "reservation_card",
    "running_promos",
    "schedule_promo",
]
