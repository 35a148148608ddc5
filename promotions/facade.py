"""What other contexts may call of promotions. Each name with its promise; nothing else is for them."""

from collections.abc import Sequence
from datetime import datetime

from marketplace.core.kpis import Kpi

from .book.keeping import rule_book
from .campaigns.bulk import add_campaign
from .campaigns.errors import CampaignNotFoundError, CampaignUsedUpError
from .campaigns.permissions import RunsCampaigns
from .campaigns.selectors import campaign_rule, coupon_rules, rule_limits
from .campaigns.services.usage import give_uses_back, take_uses
from .campaigns.terms import CampaignTerms
from .contracts import RunningPromo
from .discounts.bulk import add_discount
from .discounts.services import DiscountTerms
from .flash import figures
from .flash.api.serializers import ReservationSerializer
from .flash.live import live_state
from .flash.running import running_copy
from .flash.selectors import (
    held_unit,
    promo_audience_rule,
    promo_card,
    promo_title,
    promoted_variants,
    reservation_card,
    reserved_units,
)
from .flash.services.claims import claim_sale
from .flash.services.planning import Offer, end_promo, schedule_promo
from .rules.conditions import refusals, rule_refusal_text
from .rules.recurrence import local_day, next_change

__all__ = [
    "CampaignNotFoundError",  # refusal (404): there is no such campaign
    "CampaignTerms",  # the terms of a campaign, as `add_campaign` takes them
    "CampaignUsedUpError",  # refusal (409): no use of a promotion is left; says which, and for whom
    "DiscountTerms",  # the terms of a discount, as `add_discount` takes them
    "Offer",  # the terms of a promotion, as `schedule_promo` takes them
    "ReservationSerializer",  # how the API writes a `ReservationCard`, for answers that hold one
    "RunsCampaigns",  # permission of whoever runs campaigns, for routes about them
    "add_campaign",  # make a campaign and switch it on, unless there is one of that name
    "add_discount",  # make a discount, unless its category has one of that name
    "campaign_rule",  # one campaign as prices would be computed with it, whatever its state; CampaignNotFoundError
    "claim_sale",  # make a held unit the customer's for good, in the caller's transaction: at most five queries
    "coupon_rules",  # which campaign each coupon code opens; one query
    "end_promo",  # end a promotion now, for good
    "give_uses_back",  # an order uses no campaign any more; harmless twice
    "held_unit",  # what a customer's own held reservation gives, and its price
    "kpis",  # figures for the dashboard
    "live_state",  # what everybody who watches a promotion is shown, in one query; none for a draft
    "local_day",  # the platform's day at a moment, to hand to `refusals`
    "next_change",  # the next moment at which a rule may begin or cease to apply by the calendar; pure
    "promo_audience_rule",  # who may take a promotion, for the statement that finds the audience
    "promo_card",  # what a message about a promotion says
    "promo_title",  # the product's name
    "promoted_variants",  # which of some variants have a promotion now or to come
    "refusals",  # every condition of a rule that fails for a buyer and a ticket; pure
    "reservation_card",  # one reservation as it stands by the database's clock
    "reserved_units",  # the same of many reservations, whatever became of them; one query
    "rule_book",  # every discount and campaign that is switched on; one small query while nothing changed
    "rule_limits",  # how often limited campaigns can still be used; one query
    "rule_refusal_text",  # the sentence of a refusal, in the reader's language
    "running_promos",  # what can be taken at a moment, from this process's copy
    "schedule_promo",  # make a promotion and its units, set its stock aside; one whose time has come starts
    "take_uses",  # count an order's uses of campaigns, all or none; the same order twice counts once
]


def running_promos(at: datetime) -> Sequence[RunningPromo]:
    """What can be taken at that moment; those that end first come first."""
    return running_copy(at).at(at)


def kpis() -> list[Kpi]:
    """Figures for the dashboard."""
    return figures.kpis()
