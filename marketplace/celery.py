"""The Celery application. Tasks live in each slice's `tasks.py`; queues are named in `CELERY_TASK_ROUTES`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Slices are plain packages, not apps: each app config names the ones that hold tasks.
app.autodiscover_tasks(
    [
        "marketplace.core.outbox",
        "users.customers",
        "promotions.flash",
        "funds.payments",
        "notifications.delivery",
    ]
)
