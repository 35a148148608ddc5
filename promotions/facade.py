"""What other contexts may call of promotions. Each name with its promise; nothing else is for them."""

from collections.abc import Sequence
from datetime import datetime

from marketplace.core.kpis import Kpi

from .book.keeping import rule_book
from .campaigns.bulk import add_campaign
from .campaigns.errors import CampaignNotFoundError, CampaignUsedUpError
from .campaigns.figures import campaigns_between
from .campaigns.permissions import RunsCampaigns
from .campaigns.selectors import campaign_rule, coupon_rules, rule_limits
from .campaigns.services.usage import give_uses_back, take_uses
from .campaigns.terms import CampaignTerms
from .contracts import PromotionRun, RunningPromo
from .discounts.bulk import add_discount
from .discounts.services import DiscountTerms
from .engagement.bulk import add_funnel_days, add_signals
from .engagement.pages import collect_from_page
from .engagement.selectors import funnel
from .engagement.services.purchases import record_purchases
from .experiments import figures as experiment_figures
from .experiments.bulk import Told, add_experiment
from .experiments.terms import ExperimentTerms, VariantTerms
from .exposure.bulk import add_slot_days
from .exposure.figures import clicks_by_day, slot_sums, words_of_exposure
from .exposure.pages import SESSION_COOKIE
from .exposure.pages import mix_for_page as exposure_for_page
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
from .flash.figures import flash_promos_between, flash_promos_of
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
from .loyalty.bulk import add_programme
from .loyalty.errors import VoucherGoneError
from .loyalty.reporting import loyalty_figures, loyalty_figures_beside
from .loyalty.reporting import write_days as write_loyalty_days
from .loyalty.selectors import level_name, level_names, redemption_card, vouchers_of
from .loyalty.services.earning import award_points, reverse_points
from .loyalty.services.offering import LevelTerms, RewardTerms
from .loyalty.services.vouchers import give_vouchers_back, take_vouchers
from .rules.conditions import refusals, rule_refusal_text
from .rules.recurrence import local_day, next_change
from .scoring.services import compute_scores

__all__ = [
    "SESSION_COOKIE",  # names a session that nobody signed in to, for experiments and events
    "CampaignNotFoundError",  # refusal (404): there is no such campaign
    "CampaignTerms",  # the terms of a campaign, as `add_campaign` takes them
    "CampaignUsedUpError",  # refusal (409): no use of a promotion is left; says which, and for whom
    "DiscountTerms",  # the terms of a discount, as `add_discount` takes them
    "ExperimentTerms",  # the terms of an experiment, as `add_experiment` takes them
    "LevelTerms",  # the terms of a loyalty level, as `add_programme` takes them
    "Nearby",  # a running promotion and how far its store is, as `eligible_promos` gives them
    "Offer",  # the terms of a promotion, as `schedule_promo` takes them
    "PromoNotFoundError",  # refusal (404): no such promotion, or not announced
    "PromotionRun",  # what `flash_promos_between` and `campaigns_between` answer
    "ReservationBeingPaidError",  # refusal (409): an order of the reservation waits for its money
    "ReservationCancelledError",  # refusal (409): given back, or its order was called off
    "ReservationCompletedError",  # refusal (409): the reservation is an order already
    "ReservationLapsedError",  # refusal (409): its time is over, or its unit went to somebody else
    "ReservationNotFoundError",  # refusal (404): no such reservation, or somebody else's
    "ReservationSerializer",  # how the API writes a `ReservationCard`, for answers that hold one
    "RewardTerms",  # the terms of a reward, as `add_programme` takes them
    "RunsCampaigns",  # permission of whoever runs campaigns, for routes about them
    "Told",  # what a unit of an experiment did, as `add_experiment` takes it
    "VariantTerms",  # one way of an experiment
    "VoucherGoneError",  # refusal (409): a voucher was used by another order, or has expired
    "active_reservation",  # the unit a customer holds now, or none; one query
    "add_campaign",  # make a campaign and switch it on, unless there is one of that name
    "add_discount",  # make a discount, unless its category has one of that name
    "add_experiment",  # make an experiment that has been running for a while, unless there is one of that key
    "add_funnel_days",  # what people did on days that are over, for demo data; days that are there stay
    "add_programme",  # make loyalty levels and rewards, unless there is one of that key or name
    "add_signals",  # what products and interests weigh, for demo data; what is there stays
    "add_slot_days",  # what became of places on days that are over, likewise
    "award_points",  # the points of an order whose goods have arrived, once per order; how many
    "campaign_rule",  # one campaign as prices would be computed with it, whatever its state; CampaignNotFoundError
    "campaigns_between",  # campaigns that were under way in a time, the last first; four queries
    "cancel_reservation",  # give a held unit back; harmless twice; ReservationLapsedError, ReservationCompletedError
    "claim_paid_unit",  # the money of a waiting order is here: sell it its unit, or ReservationLapsedError
    "claim_sale",  # make a held unit the customer's for good, in the caller's transaction: at most five queries
    "clicks_by_day",  # impressions and clicks of all places on each of some days; one query
    "collect_from_page",  # take events that a page of ours sends; None when too many come
    "compute_scores",  # the five scores of every product that may be seen, as a version of their own, now
    "coupon_rules",  # which campaign each coupon code opens; one query
    "eligible_promos",  # what a customer may take at a moment, nearest first, from this process's copy
    "end_promo",  # end a promotion now, for good
    "excuse_lapse",  # a reservation that lapsed was paid too late: it does not count as abandoned
    "exposure_for_page",  # what whoever opened a page is shown in a place of the shop, with its badges
    "flash_promos_between",  # flash promotions that were under way in a time, the last first; one query
    "flash_promos_of",  # the same of some variants; one query
    "funnel",  # what people did on each platform day of a range; one query
    "give_unit_up",  # a waiting order was called off: its unit is free at once; harmless twice
    "give_uses_back",  # an order uses no campaign any more; harmless twice
    "give_vouchers_back",  # an order uses no loyalty voucher any more; harmless twice
    "held_unit",  # what a customer's own held reservation gives, and its price
    "hold_for_payment",  # hold a reserved unit longer, once, while an order of it waits for money
    "kpis",  # figures for the dashboard
    "level_name",  # the name of a loyalty level by its key
    "level_names",  # names of the loyalty levels by their keys, lowest first; one query
    "live_state",  # what everybody who watches a promotion is shown, in one query; none for a draft
    "live_states",  # the same of some promotions, drafts too; one query
    "local_day",  # the platform's day at a moment, to hand to `refusals`
    "loyalty_figures",  # the loyalty programme over some days, and what it owes; a handful of small queries
    "loyalty_figures_beside",  # the same of a period and the one before; what stands is read once
    "next_change",  # the next moment at which a rule may begin or cease to apply by the calendar; pure
    "promo_audience_rule",  # who may take a promotion, for the statement that finds the audience
    "promo_card",  # what a message about a promotion says
    "promo_title",  # the product's name
    "promoted_variants",  # which of some variants have a promotion now or to come
    "record_purchases",  # an order's lines were sold: counted as purchases of their products; twice is once
    "redemption_card",  # what a message about a reward that somebody took says; 404 where nobody took it
    "refusals",  # every condition of a rule that fails for a buyer and a ticket; pure
    "reservation_card",  # one reservation as it stands by the database's clock
    "reserve_unit",  # a minute with a unit; every refusal says why and changes nothing
    "reserved_units",  # the same of many reservations, whatever became of them; one query
    "reverse_points",  # take back what an order earned too much, by the goods that are left of it; harmless twice
    "rule_book",  # every discount and campaign that is switched on; one small query while nothing changed
    "rule_limits",  # how often limited campaigns can still be used; one query
    "rule_refusal_text",  # the sentence of a refusal, in the reader's language
    "running_promos",  # what can be taken at a moment, from this process's copy
    "schedule_promo",  # make a promotion and its units, set its stock aside; one whose time has come starts
    "slot_sums",  # impressions and clicks by place and reason in some days; one query
    "take_uses",  # count an order's uses of campaigns, all or none; the same order twice counts once
    "take_vouchers",  # loyalty vouchers become an order's, all or none; the same order twice is once; VoucherGoneError
    "vouchers_of",  # a customer's loyalty vouchers that wait for an order, as rules for their prices; one query
    "words_of_exposure",  # how contexts and reasons of places are called, in the reader's language
    "write_loyalty_days",  # write days' loyalty figures anew from the rows behind them; harmless twice
]


def running_promos(at: datetime) -> Sequence[RunningPromo]:
    """What can be taken at that moment; those that end first come first."""
    return running_copy(at).at(at)


def eligible_promos(customer: Customer, at: datetime) -> Sequence[Nearby]:
    """What the customer may take at that moment: nearest first, then the one that ends first."""
    return running_copy(at).eligible(customer, at)


def kpis() -> list[Kpi]:
    """Figures for the dashboard."""
    return [*figures.kpis(), *experiment_figures.kpis()]
