"""Lists of gifts in the back office: to look at; people keep them themselves."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount

from .models import Gift, GiftClaim, GiftList, GiftListEditor
from .selectors import price_of, title_of


class GiftInline(ReadOnlyInline):
    """What is wished for."""

    model = Gift
    fields = ["position", "title", "priority", "state", "is_enabled", "received_at"]
    readonly_fields = fields
    ordering = ["position", "pk"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("link__page", "variant__product")

    @admin.display(description=_("gift"))
    def title(self, gift: Gift) -> str:
        """What it is called."""
        return title_of(gift)


class EditorInline(ReadOnlyInline):
    """Who else may edit it."""

    model = GiftListEditor
    fields = ["email", "added_at"]
    readonly_fields = fields


@admin.register(GiftList)
class GiftListAdmin(ReadOnlyAdmin):
    """Every list. The link is a secret of whoever was given it."""

    list_display = ["name", "owner", "currency", "visibility", "state", "occasion_on", "created_at"]
    list_filter = ["state", "visibility", "currency", "on_close"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__email"]
    ordering = ["-id"]
    inlines = [GiftInline, EditorInline]
    exclude = ["share_token"]


@admin.register(Gift)
class GiftAdmin(ReadOnlyAdmin):
    """Every gift, with its price now and when the person last saw it."""

    list_display = ["title", "gift_list", "priority", "price_now", "price_seen", "state", "is_enabled"]
    list_filter = ["state", "priority", "is_enabled"]
    list_select_related = ["gift_list", "link__page", "variant__product"]
    search_fields = ["gift_list__name", "gift_list__owner__email", "link__page__title", "link__page__canonical_url"]
    ordering = ["-id"]

    @admin.display(description=_("gift"))
    def title(self, gift: Gift) -> str:
        """What it is called."""
        return title_of(gift)

    @admin.display(description=_("price"))
    def price_now(self, gift: Gift) -> str:
        """Major units; a dash where none is known."""
        price = price_of(gift)
        return "–" if price is None else shown_amount(price)

    @admin.display(description=_("price when last seen"))
    def price_seen(self, gift: Gift) -> str:
        """Major units; a dash where none was known."""
        seen = gift.seen_price
        return "–" if seen is None else shown_amount(seen)


@admin.register(GiftClaim)
class GiftClaimAdmin(ReadOnlyAdmin):
    """Who has promised what. Not for the owners' ears."""

    list_display = ["gift", "claimer", "guest_name", "created_at", "released_at"]
    list_select_related = ["gift", "claimer"]
    search_fields = ["guest_name", "claimer__email", "gift__gift_list__name"]
    ordering = ["-id"]
    exclude = ["token_hash"]
