"""What beat ticks exists, and ticks as often as promised."""

import pytest
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from marketplace.celery import app

SCHEDULE = settings.CELERY_BEAT_SCHEDULE


def test_every_tick_names_a_task_and_every_periodic_task_ticks_once():
    app.loader.import_default_modules()
    named = [str(entry["task"]) for entry in SCHEDULE.values()]
    called_by_events = {"core.deliver", "funds.run_payment_task"}
    own = {name for name in app.tasks if name.split(".")[0] not in {"celery", "marketplace"}}

    assert sorted(named) == sorted(own - called_by_events)


@pytest.mark.parametrize(
    ("task", "seconds"),
    [("core.sweep_outbox", 2), ("notifications.send_due", 30), ("promotions.sweep", 60)],
)
def test_period_is_the_promised_one(task, seconds):
    assert [entry["schedule"] for entry in SCHEDULE.values() if entry["task"] == task] == [seconds]


@pytest.mark.django_db(transaction=True)
def test_schedule_lands_in_the_tables_the_admin_shows():
    DatabaseScheduler(app=app)

    assert set(SCHEDULE) <= set(PeriodicTask.objects.values_list("name", flat=True))
