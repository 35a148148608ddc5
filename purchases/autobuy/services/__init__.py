"""Writes of automatic purchases, by topic.

A plan's row is locked first by whoever changes the plan, its schedules or its purchases; then the gift, goods, money.
"""

from .answers import approve, decline, lapse_unanswered
from .by_hand import buy_now
from .ending import follow_order, note_delivered
from .engine import run_due_plans
from .forgetting import forget_old_runs, forget_plan, refuse_while_purchases_are_under_way
from .plans import change_plan
from .schedules import add_schedule, change_schedule, remove_schedule
from .tickets import ask_again, claim, give_lapsed_up, give_up, put_back, record_bought
from .waking import wake_customers

__all__ = [
    "add_schedule",
    "approve",
    "ask_again",
    "buy_now",
    "change_plan",
    "change_schedule",
    "claim",
    "decline",
    "follow_order",
    "forget_old_runs",
    "forget_plan",
    "give_lapsed_up",
    "give_up",
    "lapse_unanswered",
    "note_delivered",
    "put_back",
    "record_bought",
    "refuse_while_purchases_are_under_way",
    "remove_schedule",
    "run_due_plans",
    "wake_customers",
]
