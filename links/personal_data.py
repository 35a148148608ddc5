"""What the context keeps about a person, for `core.personal_data`.

What others gave, claimed or wrote is theirs: a list's owner hears of it where the list says so, and not here.
"""

from typing import Final

from marketplace.core.personal_data import Table

from .models import Contribution, Gift, GiftClaim, GiftList, GiftListEditor, PriceAlert, ProductLink

TABLES: Final = (
    Table(
        "links",
        ProductLink,
        ("customer_id",),
        ("id", "url", "page__canonical_url", "page__title", "priority", "is_enabled", "created_at", "archived_at"),
    ),
    Table(
        "price_alerts",
        PriceAlert,
        ("customer_id",),
        (
            *("link_id", "variant_id", "direction", "target_minor", "percent", "reference_minor", "currency"),
            *("is_enabled", "told_at", "created_at"),
        ),
    ),
    Table(
        "gift_lists",
        GiftList,
        ("owner_id",),
        ("id", "name", "occasion_on", "currency", "visibility", "state", "buys_itself", "created_at", "closed_at"),
    ),
    Table(
        "gifts",
        Gift,
        ("gift_list__owner_id", "added_by_id"),
        ("id", "gift_list_id", "link__url", "variant_id", "priority", "note", "state", "created_at", "received_at"),
    ),
    Table("lists_edited", GiftListEditor, ("user_id",), ("gift_list_id", "email", "added_at")),
    Table("claims", GiftClaim, ("claimer_id",), ("gift_id", "guest_name", "created_at", "released_at")),
    Table(
        "contributions",
        Contribution,
        ("contributor_id",),
        (
            *("id", "gift_list_id", "gift_id", "currency", "amount_minor", "used_minor", "refunded_minor"),
            *("message", "is_anonymous", "created_at"),
        ),
    ),
)
UNTOLD: Final = {
    "links.PotUse": "shares of several givers; each giver's is in the giver's contributions",
}
