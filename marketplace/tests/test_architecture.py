"""What import contracts cannot see: models and their keys, the tree itself, habits of the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models

from marketplace.celery import PACKAGES
from marketplace.core import erasure
from marketplace.core.errors import DomainError
from marketplace.core.events import known_events
from marketplace.core.outbox.handlers import all_handlers
from marketplace.settings.env import BASE_DIR

pytestmark = pytest.mark.once

CONTEXTS = PACKAGES[1:]
# Lower numbers are lower layers; a foreign key points to the same app or downwards.
LAYER = {
    "contenttypes": 0,
    "auth": 0,
    "core": 0,
    "users": 1,
    "stores": 2,
    "funds": 2,
    "links": 3,
    "promotions": 3,
    "purchases": 4,
    "notifications": 5,
}
TOP_LEVEL = [
    *("marketplace", "users", "stores", "funds", "links", "promotions", "purchases", "notifications"),
    *("manage.py", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile", "Dockerfile"),
    *("docker-compose.yaml", ".env.example", "README.md", "CONTRIBUTING.md", "docs", "deploy", "bench", "chaos"),
]
REQUIRED = [
    *("django", "djangorestframework", "djangorestframework-simplejwt", "django-cors-headers", "psycopg2-binary"),
    *("django-redis", "celery", "django-celery-beat", "django-celery-results", "django-mongodb-backend"),
    "pytest-django",
]
# Rows that nobody looks at one by one; the reason stands beside each.
WITHOUT_ADMIN = {
    "core.IdempotencyKey",  # holds answers meant for one caller
    "core.JobLease",  # one row per job, gone in seconds
    "users.MailToken",  # secrets
    "users.SpentRefreshToken",  # secrets
    "users.DeniedAccount",  # derived, forgotten within minutes
    "users.Address",  # a customer's own; orders show the copy they were sent to
    "users.CustomerPlace",  # derived, one row per segment and customer
    "users.SegmentMembership",  # a line between two rows; the profile's page has the segments
    "stores.Listing",  # derived from the product, whose page it is
    "stores.PublicPrice",  # pushed down by promotions, which have pages
    "promotions.ActorHour",  # derived, a counter of one hour
    "promotions.EventBatch",  # consumed within seconds
    "promotions.TouchedDay",  # a dirty flag, gone within the hour
    "promotions.RuleBookVersion",  # one row that counts changes
    "promotions.ExperimentUnit",  # a row a person and experiment: the report adds them up
    "promotions.ExperimentPurchase",  # copies of what orders show, for attribution
    "promotions.UsageCounter",  # derived from the uses, which the campaign's page shows
    "stores.SearchWord",  # derived: the words of the catalogue
    "stores.Answer",  # shown and written on its question's page
    "purchases.StaleSalesDay",  # a dirty flag, gone in a minute
    "purchases.DuePrice",  # a dirty flag, gone in a second
    "purchases.KnownRule",  # derived: what a promotion was about
    "links.PageSnapshot",  # a document, shown on its page's page
    "links.PricePoint",  # a document, shown on its page's page
    "notifications.Device",  # a customer's own; its token is a secret
    "notifications.NumberCode",  # secrets
    "notifications.Preference",  # a customer's own word
    "notifications.QuietHours",  # a customer's own word
    "notifications.SocketTicket",  # secrets, gone in seconds
    "funds.AccountDelta",  # consumed within seconds; the account's balance counts it
    "funds.StatementNote",  # a customer's own words
    "purchases.OrderLine",  # shown on its order's page
    "purchases.CallOff",  # shown on its order's page
    "purchases.CallOffLine",  # shown on its order's page
    "purchases.OrderEvent",  # shown on its order's page
    "purchases.InvoiceSeries",  # a name and a counter; the list of invoices filters by it
}
# Names that wait in the database as deliveries: whoever renames one strands its rows. Add, never rename.
HANDLERS = {
    "funds.fail_order_payment_on_deposit_cancelled",
    "funds.fail_order_payment_on_deposit_rejected",
    "funds.finish_order_payment_on_order_deposit_credited",
    "funds.return_to_source_on_order_refunded",
    "links.judge_alert_on_price_alert_set",
    "links.judge_alerts_on_page_read",
    "links.judge_alerts_on_products_repriced",
    "notifications.close_sockets_on_account_disabled",
    "notifications.deliver_on_inbox_filled",
    "notifications.go_on_on_delivery_left",
    "notifications.prepare_device_on_device_registered",
    "notifications.remove_endpoint_on_device_removed",
    "notifications.send_mail_on_mail_requested",
    "notifications.stop_telling_on_flash_promo_ended",
    "notifications.tell_audience_on_broadcast_started",
    "notifications.tell_audience_on_flash_promo_started",
    "notifications.tell_auto_purchase_asked",
    "notifications.tell_auto_purchase_bought",
    "notifications.tell_auto_purchase_limit",
    "notifications.tell_auto_purchase_ordered",
    "notifications.tell_auto_purchase_queued",
    "notifications.tell_auto_purchase_released",
    "notifications.tell_auto_purchase_short",
    "notifications.tell_contribution_anonymous",
    "notifications.tell_contribution_made",
    "notifications.tell_contribution_returned",
    "notifications.tell_gift_claimed",
    "notifications.tell_gift_list_closed",
    "notifications.tell_price_alert",
    "notifications.tell_purchase_ticket_opened",
    "notifications.tell_deposit_credited",
    "notifications.tell_deposit_rejected",
    "notifications.tell_deposit_returned",
    "notifications.tell_flash_unit_free",
    "notifications.tell_low_balance",
    "notifications.tell_loyalty_downgraded",
    "notifications.tell_loyalty_upgraded",
    "notifications.tell_points_expiring",
    "notifications.tell_reward_credited",
    "notifications.tell_voucher_ready",
    "notifications.tell_order_cancelled",
    "notifications.tell_order_cancelled_paid",
    "notifications.tell_order_delivered",
    "notifications.tell_order_expired",
    "notifications.tell_order_paid",
    "notifications.tell_order_part_called_off",
    "notifications.tell_order_payment_failed",
    "notifications.tell_order_placed",
    "notifications.tell_order_to_pack",
    "notifications.tell_payment_parked",
    "notifications.tell_payment_set_aside",
    "notifications.tell_purchase_order_automatic",
    "notifications.tell_question_answered",
    "notifications.tell_question_published",
    "notifications.tell_question_rejected",
    "notifications.tell_question_waiting",
    "notifications.tell_return_approved",
    "notifications.tell_return_refunded",
    "notifications.tell_return_refused",
    "notifications.tell_return_requested",
    "notifications.tell_shipment_lost",
    "notifications.tell_shipment_shipped",
    "notifications.tell_sockets_on_inbox_filled",
    "notifications.tell_stock_drifted",
    "notifications.tell_stock_low",
    "notifications.tell_welcome",
    "notifications.tell_withdrawal_refused",
    "notifications.tell_withdrawal_settled",
    "promotions.end_promo_when_nothing_is_left",
    "promotions.move_promos_when_store_moves",
    "promotions.reread_running_when_store_state_changes",
    "promotions.show_viewers_when_campaign_ended",
    "promotions.show_viewers_when_campaign_started",
    "promotions.show_viewers_when_experiment_changed",
    "promotions.show_viewers_when_flash_promo_ended",
    "promotions.show_viewers_when_flash_promo_started",
    "promotions.show_viewers_when_pins_changed",
    "promotions.show_viewers_when_scores_published",
    "promotions.show_watchers_when_hold_released",
    "promotions.show_watchers_when_promo_ended",
    "promotions.show_watchers_when_promo_started",
    "promotions.show_watchers_when_unit_reserved",
    "promotions.show_watchers_when_unit_sold",
    "promotions.tell_waitlist_on_hold_released",
    "purchases.award_points_on_order_delivered",
    "purchases.count_sale_on_order_cancelled",
    "purchases.count_sale_on_order_paid",
    "purchases.count_sale_on_order_part_called_off",
    "purchases.count_sale_on_order_returned",
    "purchases.count_success_on_order_delivered",
    "purchases.receive_gift_on_order_delivered",
    "purchases.release_gift_on_order_cancelled",
    "purchases.release_gift_on_order_expired",
    "purchases.wake_plan_on_contribution_made",
    "purchases.wake_plan_on_deposit_credited",
    "purchases.wake_plan_on_gift_changed",
    "purchases.wake_plan_on_order_refunded",
    "purchases.wake_plans_on_page_read",
    "purchases.wake_plans_on_products_repriced",
    "purchases.discount_success_on_order_returned",
    "purchases.give_goods_back_on_order_cancelled",
    "purchases.give_goods_back_on_order_expired",
    "purchases.mark_paid_on_order_payment_succeeded",
    "purchases.mark_prices_on_category_moved",
    "purchases.mark_prices_on_price_rules_changed",
    "purchases.mark_prices_on_products_repriced",
    "purchases.put_goods_away_on_order_part_called_off",
    "purchases.put_goods_away_on_order_returned",
    "purchases.refund_order_on_reserved_unit_missed",
    "purchases.reverse_points_on_order_returned",
    "purchases.revive_order_on_late_deposit",
    "purchases.unpack_shipments_on_order_cancelled",
    "purchases.wish_credit_on_order_cancelled",
    "purchases.wish_credit_on_order_part_called_off",
    "purchases.wish_credit_on_order_returned",
    "purchases.wish_invoices_on_order_paid",
    "users.make_personal_export_on_request",
    "users.recompute_tiers_on_policy_change",
    "users.send_mail_on_personal_export_ready",
    "users.send_reset_link_on_request",
    "users.send_verification_on_account_registered",
    "users.send_verification_on_request",
    "users.tell_owner_on_registration_repeated",
}
# Doors where the clock is read (and `kpis`, which the dashboard calls); what is behind them is given the moment.
ENTRY_POINTS = re.compile(
    r"/(api|admin|admin_recent|connection|tasks|handlers|commands|middleware|providers|signed)(/|\.py$)"
    r"|^(scripts|bench|chaos)/|^marketplace/(embedded|demo|backoffice|storefront)/"
)
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.today", "timezone.localdate"}
LONGEST_FILE = 400
LONGEST_TEST_FILE = 500

OWN_MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]


def shown(path: Path) -> str:
    return path.relative_to(BASE_DIR).as_posix()


def python_files(*packages: str) -> list[Path]:
    found = (path for package in packages for path in (BASE_DIR / package).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts and "__pycache__" not in path.parts)


ALL_CODE = python_files(*PACKAGES, "scripts", "bench", "chaos")
PRODUCT_CODE = [path for path in ALL_CODE if "tests" not in path.parts and path.name != "conftest.py"]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path, name: str = "") -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function for function in found if name in {"", function.name}]


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Dotted names of what a file calls."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def all_errors() -> Iterator[type[DomainError]]:
    """Every named refusal of the product."""
    waiting = [DomainError]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        yield from (child for child in children if ".tests." not in child.__module__)


# --- models


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_a_slices_model_is_re_exported_by_its_context(model):
    if model._meta.auto_created:
        return
    root = "marketplace.core" if model._meta.app_label == "core" else model._meta.app_label
    context = __import__(f"{root}.models", fromlist=["__all__"])

    assert model.__module__.startswith(f"{root}.")
    assert getattr(context, model.__name__) is model
    assert model.__name__ in context.__all__


def test_models_that_python_defines_are_models_that_django_knows():
    """A slice whose models nobody re-exports would be invisible to Django and to the test above."""
    defined = {
        f"{shown(path)}:{node.name}"
        for path in PRODUCT_CODE
        if path.name == "models.py" or path.parent.name == "models"
        if "rival_shop" not in path.parts  # a Django project of its own
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        and any("Model" in ast.unparse(base) for base in node.bases)
        and "abstract = True" not in ast.unparse(node)
    }
    known = {f"{model.__module__.replace('.', '/')}.py:{model.__name__}" for model in OWN_MODELS}

    assert defined <= known


def relations() -> Iterator[tuple[type[models.Model], Any]]:
    for model in OWN_MODELS:
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if field.remote_field is not None:
                yield model, field


@pytest.mark.parametrize(("model", "field"), list(relations()), ids=str)
def test_foreign_keys_point_downwards_and_leave_nothing_behind_in_another_context(model, field):
    own, other = model._meta.app_label, field.related_model._meta.app_label
    if own == other or other not in CONTEXTS:
        return

    assert LAYER[other] < LAYER[own], f"{field} points upwards"
    assert field.remote_field.hidden, f'{field} needs related_name="+"'


def test_every_model_has_a_page_in_the_back_office_or_a_reason():
    shown_inline = [inline.model for page in admin.site._registry.values() for inline in page.inlines]
    without = {
        model._meta.label
        for model in OWN_MODELS
        if not (admin.site.is_registered(model) or model in shown_inline or model._meta.auto_created)
    }

    assert without == WITHOUT_ADMIN


def test_coloured_labels_stand_in_lists_only():
    """On an object's own page the pair of value and words would be shown as Python writes it."""
    coloured = [
        f"{page}.{name}"
        for page in admin.site._registry.values()
        for name in flatten_fieldsets(page.fieldsets or [(None, {"fields": page.fields or ()})])
        if getattr(getattr(page, str(name), None), "label", None)
    ]

    assert coloured == []


def test_whoever_keeps_rows_of_people_takes_part_in_their_erasure():
    keeps_people = {
        model._meta.app_label for model, field in relations() if field.related_model._meta.label == "users.User"
    }

    assert keeps_people <= erasure.registered_contexts()


# --- the tree


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_the_fixed_top_level_names_exist(name):
    assert (BASE_DIR / name).exists()


def test_requirements_hold_what_was_asked_for():
    text = "\n".join((BASE_DIR / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    named = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)}

    assert set(REQUIRED) <= named
    assert "djongo" not in named


def test_no_file_is_longer_than_a_person_reads_at_once():
    limits = {path: LONGEST_FILE if path in PRODUCT_CODE else LONGEST_TEST_FILE for path in ALL_CODE}

    too_long = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ALL_CODE}
    assert {name: lines for name, lines in too_long.items() if lines > limits[BASE_DIR / name]} == {}


# --- habits


def test_imports_stand_at_the_top():
    inner = [
        f"{shown(path)}:{node.lineno}"
        for path in PRODUCT_CODE
        for function in functions(path)
        # An app's models and handlers cannot be imported before Django is ready.
        if not (path.name == "apps.py" and function.name == "ready")
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inner == []


def test_no_test_empties_the_redis_of_others():
    """`cache.clear()` is FLUSHDB: the counters of another worker's test go with it."""
    tests = [path for path in python_files(*PACKAGES) if "tests" in path.parts]

    assert [shown(path) for path in tests for name, _call in calls(path) if name == "cache.clear"] == []


def test_the_clock_is_read_at_the_doors():
    read = [
        f"{shown(path)}:{node.lineno}"
        for path in PRODUCT_CODE
        if not ENTRY_POINTS.search(shown(path))
        for name, node in calls(path)
        if name in CLOCKS and not any(node in set(ast.walk(kpis)) for kpis in functions(path, "kpis"))
    ]

    assert read == []


def test_serializers_use_the_strict_fields():
    loose = (
        r"serializers\.(Char|Integer|Float|Boolean|Email|URL|UUID|DateTime|Date|Choice|PrimaryKeyRelated|Decimal)Field"
    )
    used = [
        f"{shown(path)}:{node.lineno}"
        for path in PRODUCT_CODE
        if shown(path) != "marketplace/core/http/fields.py"
        for name, node in calls(path)
        if re.fullmatch(loose, name)
    ]

    assert used == []


def test_error_codes_mean_one_thing_each():
    errors = set(all_errors())
    statuses: dict[str, set[int]] = {}
    for kind in errors:
        statuses.setdefault(kind.code, set()).add(kind.kind.value)

    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in statuses)
    assert all(kind.__name__.endswith("Error") for kind in errors)


def test_events_are_named_by_the_context_that_publishes_them():
    events = {name: kind for name, kind in known_events().items() if ".tests." not in kind.__module__}

    assert events
    for name, kind in events.items():
        assert kind.__module__ == f"{name.split('.')[0]}.events"


def test_handlers_have_unique_and_stable_names():
    names = [handler.name for handler in all_handlers() if ".tests." not in handler.run.__module__]

    assert len(names) == len(set(names))
    assert set(names) == HANDLERS
    assert all(name.split(".")[0] in CONTEXTS for name in names)
