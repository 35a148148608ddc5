"""Pages of other shops in the back office: what was read, when, and the evidence; links and hosts to look at."""

import json

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from marketplace.core.formatting import shown_amount, shown_moment

from . import selectors, services
from .models import HostPace, Page, PricePoint, ProductLink
from .reasons import label

STATE_COLOURS = {"waiting": "info", "read": "success", "unpriced": "warning", "failed": "danger", "refused": "danger"}
MOST_STEPS = 20
LONGEST_SHOWN = 20_000


class LinkInline(ReadOnlyInline):
    """Whose page it is."""

    model = ProductLink
    fields = ["customer", "priority", "is_enabled", "archived_at", "created_at"]
    readonly_fields = fields
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        rows: QuerySet[Model] = super().get_queryset(request)
        return rows.select_related("customer")


@admin.register(Page)
class PageAdmin(ServiceAdmin):
    """What a page said, how it is known, and what it used to say."""

    list_display = [
        "__str__",
        "host",
        "shown_state",
        "shown_price",
        "availability",
        "may_be_bought",
        "read_at",
        "due_at",
    ]
    list_filter = ["state", "method", "may_be_bought", "availability"]
    search_fields = ["title", "canonical_url", "host"]
    ordering = ["-pk"]
    actions = ["read_again"]
    inlines = [LinkInline]
    fieldsets = [
        (None, {"fields": ["title", "shown_address", "host", "brand", "variant", "description", "shown_images"]}),
        (_("Price"), {"fields": ["shown_price", "availability", "method", "confidence", "may_be_bought"]}),
        (_("Reading"), {"fields": ["state", "shown_reason", "read_at", "due_at", "attempts", "successor"]}),
        (_("Evidence"), {"fields": ["shown_history", "shown_snapshot", "shown_evidence"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, page: Page) -> tuple[str, str]:
        """With its colour."""
        return page.state, page.get_state_display()

    @admin.display(description=_("price"), ordering="price_minor")
    def shown_price(self, page: Page) -> str:
        """With its currency."""
        return shown_amount(page.price) if page.price else "—"

    @admin.display(description=_("reason"))
    def shown_reason(self, page: Page) -> str:
        """In words."""
        return label(page.reason) or "—"

    @admin.display(description=_("address"))
    def shown_address(self, page: Page) -> str:
        """To be opened beside the back office; the shop does not learn where from."""
        link = '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>'
        return format_html(link, page.canonical_url)

    @admin.display(description=_("images"))
    def shown_images(self, page: Page) -> str:
        """Their addresses: a picture that loads would tell the shop who looks."""
        return format_html_join("", "<div>{}</div>", ((address,) for address in page.images)) or "—"

    @admin.display(description=_("what it said"))
    def shown_history(self, page: Page) -> str:
        """The last steps of its price."""
        steps = selectors.prices_of(page.pk).order_by("-at", "-pk")[:MOST_STEPS]
        rows = ((shown_moment(step.at), _shown_price(step), step.availability, label(step.reason)) for step in steps)
        return format_html_join("", "<div>{} · {} · {} {}</div>", rows) or "—"

    @admin.display(description=_("page as it was fetched"))
    def shown_snapshot(self, page: Page) -> str:
        """When, and where the redirects led."""
        snapshot = selectors.latest_snapshot_of(page.pk)
        return "—" if snapshot is None else f"{shown_moment(snapshot.fetched_at)} · {snapshot.final_url}"

    @admin.display(description=_("what was found in it"))
    def shown_evidence(self, page: Page) -> str:
        """As it was read, as text."""
        snapshot = selectors.latest_snapshot_of(page.pk)
        if snapshot is None:
            return "—"
        text = json.dumps(snapshot.found, ensure_ascii=False, indent=2)[:LONGEST_SHOWN]
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)

    @admin.action(description=_("Read again"))
    def read_again(self, request: HttpRequest, queryset: QuerySet[Page]) -> None:
        """As soon as the shop's turn comes."""
        at, actor_id = timezone.now(), request.user.pk
        self.each(request, queryset, lambda page: services.make_page_due(page_id=page.pk, at=at, actor_id=actor_id))


@admin.register(ProductLink)
class ProductLinkAdmin(ReadOnlyAdmin):
    """What customers pasted."""

    list_display = ["page", "customer", "priority", "is_enabled", "archived_at", "created_at"]
    list_filter = ["priority", "is_enabled", ("archived_at", admin.EmptyFieldListFilter)]
    list_select_related = ["page", "customer"]
    search_fields = ["url", "customer__email", "page__title"]
    ordering = ["-pk"]


@admin.register(HostPace)
class HostPaceAdmin(ReadOnlyAdmin):
    """How hosts want to be read."""

    list_display = ["host", "next_at", "robots_read_at"]
    search_fields = ["host"]
    ordering = ["host"]


def _shown_price(step: PricePoint) -> str:
    price = selectors.price_of(step)
    return "—" if price is None else shown_amount(price)
