"""The admin's menu: a section per context, in the order people work; what a person may not see does not show."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from purchases import facade as purchases

from .analytics.reports import REPORTS

SECTIONS: list[tuple[Any, tuple[str, ...]]] = [
    (_("Promotions"), ("promotions",)),
    (_("Orders"), ("purchases",)),
    (_("Stores and catalogue"), ("stores",)),
    (_("People"), ("users", "auth", "axes")),
    (_("Money"), ("funds",)),
    (_("Links and gifts"), ("links",)),
    (_("Notifications"), ("notifications",)),
    (_("Audit and events"), ("core",)),
    (_("Periodic work"), ("django_celery_beat", "django_celery_results")),
]
"""Title and apps; apps that are not named here follow at the end."""

# https://fonts.google.com/icons (Material Symbols, as django-unfold bundles them)
ICONS = {
    "promotions.campaign": "campaign",
    "promotions.customerengagementdaily": "person_search",
    "promotions.customerinterest": "interests",
    "promotions.dayfunnel": "filter_alt",
    "promotions.deadevent": "report",
    "promotions.discount": "percent",
    "promotions.engagementevent": "ads_click",
    "promotions.engagementhourly": "schedule",
    "promotions.engagementpolicy": "tune",
    "promotions.eventdrain": "water_drop",
    "promotions.productengagementdaily": "bar_chart",
    "promotions.productsignal": "trending_up",
    "promotions.experiment": "science",
    "promotions.flashpromo": "bolt",
    "promotions.reservation": "timer",
    "promotions.promounit": "confirmation_number",
    "promotions.activehold": "lock_clock",
    "promotions.scoringpolicy": "tune",
    "promotions.scoresversion": "leaderboard",
    "promotions.productscore": "trending_up",
    "promotions.pin": "push_pin",
    "promotions.slate": "view_carousel",
    "promotions.slot": "help_center",
    "promotions.slotdaily": "ads_click",
    "promotions.loyaltypolicy": "rule_settings",
    "promotions.loyaltylevel": "military_tech",
    "promotions.loyaltymember": "loyalty",
    "promotions.pointsentry": "swap_vert",
    "promotions.reward": "redeem",
    "promotions.redemption": "local_activity",
    "promotions.loyaltyday": "calendar_today",
    "purchases.order": "receipt_long",
    "purchases.orderreturn": "assignment_return",
    "purchases.purchaseticket": "shopping_bag",
    "purchases.plan": "auto_mode",
    "purchases.autopurchase": "smart_toy",
    "purchases.run": "history",
    "purchases.invoice": "receipt",
    "purchases.orderpart": "call_split",
    "purchases.cart": "shopping_cart",
    "purchases.shippingrate": "price_change",
    "purchases.shipment": "local_shipping",
    "purchases.dailysales": "calendar_month",
    "purchases.dailyvariantsales": "bar_chart",
    "purchases.dailybenefit": "savings",
    "purchases.orderline": "list_alt",
    "purchases.orderevent": "history",
    "stores.store": "storefront",
    "stores.storemember": "badge",
    "stores.category": "category",
    "stores.brand": "sell",
    "stores.product": "inventory_2",
    "stores.variant": "style",
    "stores.stockitem": "shelves",
    "stores.movement": "swap_vert",
    "stores.stockreconciliation": "fact_check",
    "stores.replenishmentsuggestion": "production_quantity_limits",
    "stores.supplier": "local_shipping",
    "stores.purchaseorder": "order_approve",
    "stores.goodsreceipt": "move_to_inbox",
    "stores.question": "forum",
    "stores.importrun": "upload_file",
    "stores.importrow": "list",
    "links.page": "language",
    "links.productlink": "link",
    "links.hostpace": "dns",
    "users.user": "person",
    "users.customerprofile": "account_box",
    "users.segment": "groups",
    "users.department": "corporate_fare",
    "users.departmentmember": "badge",
    "users.tierpolicy": "workspace_premium",
    "users.segmentpolicy": "tune",
    "users.session": "devices",
    "users.personalexport": "folder_zip",
    "auth.group": "group",
    "axes.accessattempt": "lock_person",
    "links.giftlist": "featured_play_list",
    "links.gift": "redeem",
    "links.giftclaim": "volunteer_activism",
    "links.contribution": "group_add",
    "links.potuse": "shopping_bag",
    "funds.account": "account_balance_wallet",
    "funds.journal": "menu_book",
    "funds.posting": "list",
    "funds.hold": "front_hand",
    "funds.deposit": "savings",
    "funds.payout": "account_balance",
    "funds.refund": "undo",
    "funds.paymenttask": "sync_alt",
    "funds.providerpayment": "credit_card",
    "funds.decision": "gavel",
    "links.pricealert": "price_check",
    "funds.reconciliationfinding": "rule",
    "funds.reconciliationrun": "fact_check",
    "funds.providerevent": "webhook",
    "funds.providercircuit": "electrical_services",
    "funds.fundspolicy": "tune",
    "notifications.broadcast": "podcasts",
    "notifications.message": "chat",
    "notifications.inboxitem": "inbox",
    "notifications.fanout": "campaign",
    "notifications.delivery": "outgoing_mail",
    "notifications.sendingrate": "speed",
    "notifications.suppression": "block",
    "core.auditentry": "policy",
    "core.outboxevent": "outbox",
    "core.eventdelivery": "local_shipping",
    "core.jobslot": "event_available",
    "django_celery_beat.periodictask": "schedule",
    "django_celery_beat.crontabschedule": "calendar_month",
    "django_celery_beat.intervalschedule": "update",
    "django_celery_beat.clockedschedule": "alarm",
    "django_celery_beat.solarschedule": "wb_sunny",
    "django_celery_results.taskresult": "task_alt",
    "django_celery_results.groupresult": "checklist",
}
DEFAULT_ICON = "table_rows"

EXTRA_PAGES: dict[str, tuple[tuple[Any, str, str], ...]] = {
    "promotions.discount": ((_("Discount matrix"), "grid_on", "admin:promotions_discount_matrix"),),
    "promotions.loyaltymember": (
        (_("What points are owed"), "account_balance", "admin:promotions_loyaltymember_liability"),
    ),
}
"""Pages beside a model's list, as (title, icon, route): in the menu below it, for whoever may see the list."""

BADGES: dict[str, Callable[[], int]] = {"purchases.orderreturn": purchases.returns_waiting}
"""How many wait for somebody, beside a model's name; one small query each, for whoever sees the model."""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """django-unfold's sidebar: the dashboard, then a section for each context with pages this person may see."""
    visible = _visible_models(request)
    named = {label for _title, labels in SECTIONS for label in labels}
    others = [(capfirst(label), (label,)) for label in sorted(visible.keys() - named)]
    sections = [
        (title, [model for label in labels for model in visible.get(label, [])])
        for title, labels in [*SECTIONS, *others]
    ]
    dashboard = {"title": _("Dashboard"), "icon": "dashboard", "link": reverse("admin:index")}
    return [
        {"items": [dashboard, *_analytics(request)]},
        *[_section(title, models) for title, models in sections if models],
    ]


def _analytics(request: HttpRequest) -> list[dict[str, Any]]:
    """The first report this person may see: its page has tabs to the others."""
    first = next((kind.key for kind in REPORTS.values() if request.user.has_perm(kind.needs)), None)
    link = None if first is None else reverse("backoffice:analytics", args=[first])
    return [] if link is None else [{"title": _("Analytics"), "icon": "monitoring", "link": link}]


def _section(title: Any, models: list[type[Model]]) -> dict[str, Any]:
    items = [item for model in models for item in _items(model)]
    return {"title": title, "separator": True, "collapsible": True, "items": items}


def _visible_models(request: HttpRequest) -> dict[str, list[type[Model]]]:
    visible: dict[str, list[type[Model]]] = {}
    for model, page in admin.site._registry.items():
        if page.has_module_permission(request) and page.has_view_permission(request):
            visible.setdefault(model._meta.app_label, []).append(model)
    order = {label: position for position, label in enumerate(ICONS)}
    for models in visible.values():
        models.sort(key=lambda model: order.get(model._meta.label_lower, len(order)))
    return visible


def _items(model: type[Model]) -> list[dict[str, Any]]:
    meta = model._meta
    own: dict[str, Any] = {
        "title": capfirst(str(meta.verbose_name_plural)),
        "icon": ICONS.get(meta.label_lower, DEFAULT_ICON),
        "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }
    waiting = BADGES[meta.label_lower]() if meta.label_lower in BADGES else 0
    badge = {"badge": waiting, "badge_variant": "warning"} if waiting else {}
    extra = EXTRA_PAGES.get(meta.label_lower, ())
    return [own | badge, *({"title": title, "icon": icon, "link": reverse(route)} for title, icon, route in extra)]
