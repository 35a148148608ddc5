"""Celery's side of the architecture: named tasks, found by the app, and a beat that ticks only for tasks that exist."""

import ast
from datetime import timedelta

import pytest
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from marketplace.celery import PACKAGES, app, packages_with_tasks
from marketplace.core.beat import Scheduler
from marketplace.settings.env import BASE_DIR

pytestmark = pytest.mark.once

# Names wait in queues and in beat's table: add, never rename.
TASKS = {
    "core.deliver",
    "core.forget_old",
    "core.sweep_outbox",
    "core.tick",
    "funds.check_unsettled",
    "funds.expire_order_payments",
    "funds.forget_old_payments",
    "funds.reconcile_providers",
    "funds.report_clearing",
    "funds.run_payment_task",
    "funds.sweep_payment_tasks",
    "funds.tell_low_balances",
    "funds.tidy_ledger",
    "funds.verify_ledger",
    "links.forget_old_documents",
    "links.read_due_pages",
    "links.read_page",
    "notifications.drain_outside_queue",
    "notifications.forget_old_deliveries",
    "notifications.forget_old_tickets",
    "notifications.go_rounds",
    "notifications.send_due",
    "notifications.sweep_broadcasts",
    "promotions.clean_up_expired",
    "promotions.drain_events",
    "promotions.forget_old_engagement",
    "promotions.rebuild_engagement_days",
    "promotions.compute_scores",
    "promotions.fold_exposures",
    "promotions.forget_old_slates",
    "promotions.forget_old_experiments",
    "promotions.expire_points",
    "promotions.recompute_levels",
    "promotions.sum_loyalty_days",
    "promotions.sweep",
    "promotions.sweep_experiments",
    "purchases.add_up_sales",
    "purchases.close_orders",
    "purchases.compute_prices",
    "purchases.drop_abandoned_carts",
    "purchases.forget_old_runs",
    "purchases.run_plans",
    "purchases.run_woken_plans",
    "purchases.sweep_orders",
    "purchases.number_invoices",
    "promotions.sweep_campaigns",
    "purchases.sweep_prices",
    "stores.place_automatic_orders",
    "stores.reconcile_stock",
    "stores.suggest_replenishment",
    "stores.carry_import_on",
    "stores.forget_old_imports",
    "users.forget_expired_tokens",
    "users.forget_old_exports",
    "users.recompute_segments",
    "users.recompute_tiers",
}
# The periodic work of the first release (architecture.md).
PERIODS = {
    "core.sweep_outbox": timedelta(seconds=2),
    "core.tick": timedelta(minutes=1),
    "users.forget_old_exports": timedelta(hours=1),
    "funds.sweep_payment_tasks": timedelta(seconds=2),
    "notifications.drain_outside_queue": timedelta(seconds=30),
    "notifications.send_due": timedelta(seconds=30),
    "notifications.go_rounds": timedelta(minutes=10),
    "notifications.sweep_broadcasts": timedelta(minutes=1),
    "promotions.sweep": timedelta(minutes=1),
    "promotions.sweep_campaigns": timedelta(minutes=1),
    "promotions.sweep_experiments": timedelta(minutes=1),
    "purchases.sweep_orders": timedelta(minutes=1),
    "purchases.add_up_sales": timedelta(minutes=1),
    "purchases.number_invoices": timedelta(minutes=1),
    "funds.check_unsettled": timedelta(seconds=30),
    "funds.reconcile_providers": timedelta(minutes=5),
    "funds.expire_order_payments": timedelta(minutes=1),
    "funds.tell_low_balances": timedelta(minutes=1),
    "funds.tidy_ledger": timedelta(minutes=1),
    "links.read_due_pages": timedelta(minutes=15),
    "notifications.forget_old_tickets": timedelta(hours=1),
    "promotions.clean_up_expired": timedelta(hours=1),
    "promotions.drain_events": timedelta(seconds=5),
    "promotions.rebuild_engagement_days": timedelta(hours=1),
    "promotions.compute_scores": timedelta(hours=1),
    "promotions.fold_exposures": timedelta(seconds=5),
    "promotions.sum_loyalty_days": timedelta(hours=1),
    "stores.suggest_replenishment": timedelta(hours=1),
    "purchases.run_plans": timedelta(minutes=5),
    "purchases.sweep_prices": timedelta(minutes=1),
}
DAILY = {
    "promotions.forget_old_slates",
    "links.forget_old_documents",
    "notifications.forget_old_deliveries",
    "core.forget_old",
    "funds.forget_old_payments",
    "funds.report_clearing",
    "funds.verify_ledger",
    "promotions.forget_old_engagement",
    "promotions.forget_old_experiments",
    "promotions.expire_points",
    "promotions.recompute_levels",
    "purchases.close_orders",
    "purchases.drop_abandoned_carts",
    "purchases.forget_old_runs",
    "stores.place_automatic_orders",
    "stores.reconcile_stock",
    "stores.forget_old_imports",
    "users.forget_expired_tokens",
    "users.recompute_segments",
    "users.recompute_tiers",
}


def own_tasks():
    app.loader.import_default_modules()
    return {
        name: task
        for name, task in app.tasks.items()
        if type(task).__module__.split(".")[0] in PACKAGES and ".tests" not in type(task).__module__
    }


def test_the_app_finds_every_task_and_no_name_changes():
    assert set(own_tasks()) == TASKS


@pytest.mark.parametrize("package", packages_with_tasks())
def test_every_task_states_its_name(package):
    path = BASE_DIR / package.replace(".", "/") / "tasks.py"
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        for decorator in node.decorator_list:
            if "task" in ast.unparse(decorator):
                assert isinstance(decorator, ast.Call), f"{node.name} has no name of its own"
                assert any(keyword.arg == "name" for keyword in decorator.keywords)


def test_tasks_live_only_where_the_app_looks():
    for package in PACKAGES:
        for path in (BASE_DIR / package).rglob("*.py"):
            if "tests" not in path.parts and path.name != "tasks.py":
                assert "shared_task" not in path.read_text(), path


def test_a_tasks_name_begins_with_its_context():
    for name, task in own_tasks().items():
        module = type(task).__module__
        assert name.split(".")[0] == ("core" if module.startswith("marketplace.core.") else module.split(".")[0])


def test_beat_ticks_for_tasks_that_exist_into_queues_that_exist():
    for row in settings.CELERY_BEAT_SCHEDULE.values():
        assert row["task"] in own_tasks()
        assert row["options"]["queue"] in settings.QUEUES


def test_the_periods_are_the_ones_that_were_asked_for():
    rows = {row["task"]: row["schedule"] for row in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {task: rows[task] for task in PERIODS} == PERIODS
    assert set(rows) == set(PERIODS) | DAILY
    assert all(len(rows[task].hour) == len(rows[task].minute) == 1 for task in DAILY)


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_copies_the_rows_into_its_table():
    Scheduler(app=app).setup_schedule()

    rows = {row.name: row for row in PeriodicTask.objects.filter(name__in=settings.CELERY_BEAT_SCHEDULE)}
    assert {name: (row.task, row.queue) for name, row in rows.items()} == {
        name: (row["task"], row["options"]["queue"]) for name, row in settings.CELERY_BEAT_SCHEDULE.items()
    }
    assert rows["outbox sweep"].interval.every == 2
    assert rows["outbox sweep"].expire_seconds == 10
    assert rows["customer tiers"].crontab is not None
