"""What the context keeps about a person, for `core.personal_data`."""

from typing import Final

from marketplace.core.personal_data import Table

from .models import (
    CampaignUse,
    CustomerEngagementDaily,
    CustomerInterest,
    EngagementEvent,
    ExperimentPurchase,
    ExperimentUnit,
    LevelChange,
    LoyaltyMember,
    PointsEntry,
    PointsLot,
    Redemption,
    Reservation,
    Slot,
    WaitlistPlace,
)

TABLES: Final = (
    Table(
        "campaigns_used",
        CampaignUse,
        ("customer_id",),
        ("campaign__name", "order_id", "coupon__code", "is_taken", "created_at"),
    ),
    Table(
        "reservations",
        Reservation,
        ("customer_id",),
        ("id", "promo_id", "state", "expires_at", "order_id", "created_at", "closed_at"),
    ),
    Table("waitlists", WaitlistPlace, ("customer",), ("promo_id", "joined_at", "turn_at", "told_at", "closed_at")),
    Table(
        "loyalty",
        LoyaltyMember,
        ("customer_id",),
        ("level__name", "points", "owed", "earned_in_window", "level_since", "created_at"),
    ),
    Table("level_changes", LevelChange, ("member__customer_id",), ("from_level", "to_level", "is_upgrade", "at")),
    Table(
        "points",
        PointsEntry,
        ("member__customer_id",),
        ("kind", "points", "balance_after", "reason", "created_at"),
    ),
    Table(
        "points_lots",
        PointsLot,
        ("member__customer_id",),
        ("points", "left", "source", "earned_at", "expires_at", "reversed", "lapsed"),
    ),
    Table(
        "rewards",
        Redemption,
        ("member__customer_id",),
        ("id", "kind", "name", "cost", "amount_minor", "currency", "state", "order_id", "created_at", "used_at"),
    ),
    Table(
        "events",
        EngagementEvent,
        ("customer_id",),
        ("event_id", "kind", "product_id", "position", "quantity", "amount_minor", "metadata", "at", "received_at"),
    ),
    Table(
        "days",
        CustomerEngagementDaily,
        ("customer_id",),
        ("day", "impressions", "views", "clicks", "carts", "purchases"),
    ),
    Table("interests", CustomerInterest, ("customer_id",), ("category_id", "weight", "moment")),
    Table(
        "shown",
        Slot,
        ("slate__customer_id",),
        ("slate__created_at", "slate__context", "position", "product_id", "reason", "badges"),
    ),
    Table(
        "experiments",
        ExperimentUnit,
        ("unit",),
        (
            "experiment__name",
            "variant__key",
            "impressions",
            "clicks",
            "purchases",
            "amount_minor",
            "first_at",
            "last_at",
        ),
    ),
    Table("experiments_purchases", ExperimentPurchase, ("unit",), ("amount_minor", "at")),
)
UNTOLD: Final = {
    "promotions.ActiveHold": "derived from the reservation",
    "promotions.ActorHour": "a counter of one hour",
    "promotions.EventBatch": "becomes events within seconds",
    "promotions.PromoUnit": "told as the reservation",
    "promotions.Slate": "told with its slots",
    "promotions.UsageCounter": "derived from the campaigns used",
}
