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
from .flash.eligibility import Customer
from .flash.errors import (
    PromoNotFoundError,
    ReservationBeingPaidError,
    ReservationCancelledError,
    ReservationCompletedError,
    ReservationLapsedError,
    ReservationNotFoundError,
)
from .flash.live import active_reservation, live_state, live_states
from .flash.running import Nearby, running_copy
from .flash.selectors import (
    held_unit,
    promo_audience_rule,
    promo_card,
    promo_title,
    promoted_variants,
    reservation_card,
    reserved_units,
)
from .flash.services.claims import cancel_reservation, claim_sale, reserve_unit
from .flash.services.paying import claim_paid_unit, excuse_lapse, give_unit_up, hold_for_payment
from .flash.services.planning import Offer, end_promo, schedule_promo
from .rules.conditions import refusals, rule_refusal_text
from .rules.recurrence import local_day, next_change

__all__ = [
    "CampaignNotFoundError",  # refusal (404): there is no such campaign
    "CampaignTerms",  # the terms of a campaign, as `add_campaign` takes them
    "CampaignUsedUpError",  # refusal (409): no use of a promotion is left; says which, and for whom
    "DiscountTerms",  # the terms of a discount, as `add_discount` takes them
    "Nearby",  # a running promotion and how far its store is, as `eligible_promos` gives them
    "Offer",  # the terms of a promotion, as `schedule_promo` takes them
    "PromoNotFoundError",  # refusal (404): no such promotion, or not announced
    "ReservationBeingPaidError",  # refusal (409): an order of the reservation waits for its money
    "ReservationCancelledError",  # refusal (409): given back, or its order was called off
    "ReservationCompletedError",  # refusal (409): the reservation is an order already
    "ReservationLapsedError",  # refusal (409): its time is over, or its unit went to somebody else
    "ReservationNotFoundError",  # refusal (404): no such reservation, or somebody else's
    "ReservationSerializer",  # how the API writes a `ReservationCard`, for answers that hold one
    "RunsCampaigns",  # permission of whoever runs campaigns, for routes about them
    "active_reservation",  # the unit a customer holds now, or none; one query
    "add_campaign",  # make a campaign and switch it on, unless there is one of that name
    "add_discount",  # make a discount, unless its category has one of that name
    "campaign_rule",  # one campaign as prices would be computed with it, whatever its state; CampaignNotFoundError
    "cancel_reservation",  # give a held unit back; harmless twice; ReservationLapsedError, ReservationCompletedError
    "claim_paid_unit",  # the money of a waiting order is here: sell it its unit, or ReservationLapsedError
    "claim_sale",  # make a held unit the customer's for good, in the caller's transaction: at most five queries
    "coupon_rules",  # which campaign each coupon code opens; one query
    "eligible_promos",  # what a customer may take at a moment, nearest first, from this process's copy
    "end_promo",  # end a promotion now, for good
    "excuse_lapse",  # a reservation that lapsed was paid too late: it does not count as abandoned
    "give_unit_up",  # a waiting order was called off: its unit is free at once; harmless twice
    "give_uses_back",  # an order uses no campaign any more; harmless twice
    "held_unit",  # what a customer's own held reservation gives, and its price
    "hold_for_payment",  # hold a reserved unit longer, once, while an order of it waits for money
    "kpis",  # figures for the dashboard
    "live_state",  # what everybody who watches a promotion is shown, in one query; none for a draft
    "live_states",  # the same of some promotions, drafts too; one query
    "local_day",  # the platform's day at a moment, to hand to `refusals`
    "next_change",  # the next moment at which a rule may begin or cease to apply by the calendar; pure
    "promo_audience_rule",  # who may take a promotion, for the statement that finds the audience
    "promo_card",  # what a message about a promotion says
    "promo_title",  # the product's name
    "promoted_variants",  # which of some variants have a promotion now or to come
    "refusals",  # every condition of a rule that fails for a buyer and a ticket; pure
    "reservation_card",  # one reservation as it stands by the database's clock
    "reserve_unit",  # a minute with a unit; every refusal says why and changes nothing
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


def eligible_promos(customer: Customer, at: datetime) -> Sequence[Nearby]:
    """What the customer may take at that moment: nearest first, then the one that ends first."""
    return running_copy(at).eligible(customer, at)


def kpis() -> list[Kpi]:
    """Figures for the dashboard."""
    return figures.kpis()
