"""Periodic work. The scheduler copies these rows into its table, where an administrator may pause or slow one.

Beat only ticks: every job is harmless twice, also at the same time, and none is needed for correctness.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab


def _every(period: timedelta, task: str, queue: str = "default") -> dict[str, Any]:
    # A tick that waited longer than its period is dropped: the next one does the same work.
    options = {"queue": queue, "expire_seconds": max(int(period.total_seconds()), 10)}
    return {"task": task, "schedule": period, "options": options}


def _daily(hour: int, minute: int, task: str) -> dict[str, Any]:
    # Times are UTC; the small hours of the Americas.
    return {"task": task, "schedule": crontab(hour=str(hour), minute=str(minute)), "options": {"queue": "default"}}


CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "outbox sweep": _every(timedelta(seconds=2), "core.sweep_outbox", "events"),
    "tick": _every(timedelta(minutes=1), "core.tick"),
    "payment sweep": _every(timedelta(seconds=2), "funds.sweep_payment_tasks", "payments"),
    "payments: unsettled ones": _every(timedelta(seconds=30), "funds.check_unsettled", "payments"),
    "payments: reconciliation": _every(timedelta(minutes=5), "funds.reconcile_providers", "payments"),
    "notification queue": _every(timedelta(seconds=30), "notifications.send_due", "notify"),
    "notifications: outside queue": _every(timedelta(seconds=30), "notifications.drain_outside_queue", "notify"),
    "events: drain": _every(timedelta(seconds=5), "promotions.drain_events", "events"),
    "promotion sweep": _every(timedelta(minutes=1), "promotions.sweep", "holds"),
    "campaign sweep": _every(timedelta(minutes=1), "promotions.sweep_campaigns", "holds"),
    "experiment sweep": _every(timedelta(minutes=1), "promotions.sweep_experiments"),
    "reminders and weekly summaries": _every(timedelta(minutes=10), "notifications.go_rounds", "notify"),
    "broadcast sweep": _every(timedelta(minutes=1), "notifications.sweep_broadcasts", "notify"),
    "ledger upkeep": _every(timedelta(minutes=1), "funds.tidy_ledger", "payments"),
    "orders' payments": _every(timedelta(minutes=1), "funds.expire_order_payments", "payments"),
    "low balances": _every(timedelta(minutes=1), "funds.tell_low_balances"),
    "orders: not paid in time": _every(timedelta(minutes=1), "purchases.sweep_orders", "holds"),
    "automatic purchases": _every(timedelta(minutes=5), "purchases.run_plans"),
    "prices in lists": _every(timedelta(minutes=1), "purchases.sweep_prices"),
    "sales: days to add up": _every(timedelta(minutes=1), "purchases.add_up_sales"),
    "invoices: numbers": _every(timedelta(minutes=1), "purchases.number_invoices"),
    "links: pages to read": _every(timedelta(minutes=15), "links.read_due_pages", "fetch"),
    "expired promotions and holds": _every(timedelta(hours=1), "promotions.clean_up_expired", "holds"),
    "exposures: what became of them": _every(timedelta(seconds=5), "promotions.fold_exposures"),
    "scores of products": _every(timedelta(hours=1), "promotions.compute_scores"),
    "events: days": _every(timedelta(hours=1), "promotions.rebuild_engagement_days"),
    "loyalty: the days' figures": _every(timedelta(hours=1), "promotions.sum_loyalty_days"),
    "stock: what to reorder": _every(timedelta(hours=1), "stores.suggest_replenishment"),
    "retention: copies of personal data": _every(timedelta(hours=1), "users.forget_old_exports"),
    "retention: socket tickets": _every(timedelta(hours=1), "notifications.forget_old_tickets"),
    "loyalty: points that expire": _daily(8, 5, "promotions.expire_points"),
    "loyalty: levels": _daily(8, 15, "promotions.recompute_levels"),
    "customer tiers": _daily(8, 10, "users.recompute_tiers"),
    "customer segments": _daily(8, 20, "users.recompute_segments"),
    "ledger: verification": _daily(9, 10, "funds.verify_ledger"),
    "payments: clearing report": _daily(9, 20, "funds.report_clearing"),
    "stock: automatic orders": _daily(12, 0, "stores.place_automatic_orders"),
    "stock: reconciliation": _daily(9, 30, "stores.reconcile_stock"),
    "retention: tokens": _daily(8, 40, "users.forget_expired_tokens"),
    "retention: payments": _daily(9, 0, "funds.forget_old_payments"),
    "retention: imports": _daily(9, 30, "stores.forget_old_imports"),
    "orders: closing": _daily(9, 50, "purchases.close_orders"),
    "retention: experiments": _daily(9, 55, "promotions.forget_old_experiments"),
    "retention: pages of other shops": _daily(9, 45, "links.forget_old_documents"),
    "retention: carts": _daily(9, 40, "purchases.drop_abandoned_carts"),
    "retention: deliveries": _daily(9, 35, "notifications.forget_old_deliveries"),
    "retention: automatic purchases": _daily(9, 45, "purchases.forget_old_runs"),
    "retention: selections": _daily(9, 55, "promotions.forget_old_slates"),
    "retention: events": _daily(8, 55, "promotions.forget_old_engagement"),
    "retention: core": _daily(8, 50, "core.forget_old"),
}
