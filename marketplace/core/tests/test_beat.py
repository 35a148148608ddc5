"""What beat makes of a last run that a wrong clock has left."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from marketplace.celery import app
from marketplace.core.beat import Scheduler


def looked_at(scheduler, *, last_run):
    """Whether the job is due, and seconds until the next look."""
    period, _ = IntervalSchedule.objects.get_or_create(every=60, period=IntervalSchedule.SECONDS)
    job = PeriodicTask(name="probe", task="core.probe", interval=period, last_run_at=last_run)
    return scheduler.Entry(job, app=app).is_due()


@pytest.mark.django_db
def test_a_last_run_in_the_future_keeps_a_job_waiting_for_one_period_at_most():
    hour_ahead = timezone.now() + timedelta(hours=1)

    is_due, seconds = looked_at(Scheduler, last_run=hour_ahead)

    assert not is_due
    assert 0 < seconds <= 60
    assert looked_at(DatabaseScheduler, last_run=hour_ahead).next > 3_600  # the control


@pytest.mark.django_db
def test_a_last_run_in_the_past_is_what_it_was():
    assert looked_at(Scheduler, last_run=timezone.now() - timedelta(minutes=2)).is_due
    assert not looked_at(Scheduler, last_run=timezone.now() - timedelta(seconds=20)).is_due
