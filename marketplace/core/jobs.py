"""Periodic work that is harmless twice: unique job slots, and leases for work that must not overlap.

Beat only ticks. A job first takes its (job, slot) row inside the transaction that does the work: two
beats, a replay or a late clock find the slot taken; a crash gives it back.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from .clock import db_now, now_sql, read_db_now
from .ids import uuid7

TICK = "core.tick"
TICK_PERIOD = timedelta(minutes=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class JobSlot(models.Model):
    """One run of one job. `slot` is a moment rounded to the job's period, or a business key."""

    id = models.BigAutoField(primary_key=True)
    job = models.CharField(_("job"), max_length=80)
    slot = models.CharField(_("slot"), max_length=80)
    taken_at = models.DateTimeField(_("taken at"))

    class Meta:
        app_label = "core"
        verbose_name = _("job slot")
        verbose_name_plural = _("job slots")
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="core_jobslot_once")]
        indexes = [models.Index(fields=["taken_at"], name="core_jobslot_taken")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"


class JobLease(models.Model):
    """The right to do a job alone until a moment of the database's clock."""

    job = models.CharField(max_length=80, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        app_label = "core"
        verbose_name = _("job lease")
        verbose_name_plural = _("job leases")

    def __str__(self) -> str:
        return self.job


class SlotOutsideTransactionError(RuntimeError):
    """A slot taken apart from the work it stands for would survive the work's failure. A defect."""


def take_slot(job: str, slot: str) -> bool:
    """Take the slot; False if somebody has it. Call it in the transaction that does the work.

    While another transaction holds the slot uncommitted, this waits for its outcome (at most the database's
    `lock_timeout`). Raises `SlotOutsideTransactionError`.
    """
    if not connection.in_atomic_block:
        raise SlotOutsideTransactionError
    table, now = JobSlot._meta.db_table, now_sql(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (job, slot, taken_at) VALUES (%s, %s, {now}) ON CONFLICT DO NOTHING",  # noqa: S608
            [job, slot],
        )
        return bool(cursor.rowcount)


def period_slot(at: datetime, period: timedelta) -> str:
    """The slot `at` falls into: the period's start, in UTC seconds."""
    seconds = int(period.total_seconds())
    return str(int(at.timestamp()) // seconds * seconds)


def tick(at: datetime) -> None:
    """Write down that periodic work was done in the minute of `at`; harmless twice."""
    with transaction.atomic():
        take_slot(TICK, period_slot(at, TICK_PERIOD))


def since_tick() -> timedelta | None:
    """How long ago periodic work was last seen, by the database's clock; None before the first time."""
    # Slots of one job sort as their moments do: by the unique key, not by a walk through all jobs.
    last = JobSlot.objects.filter(job=TICK).order_by("-slot").values_list("taken_at", flat=True).first()
    return None if last is None else max(timedelta(0), read_db_now() - last)


def take_lease(job: str, duration: timedelta) -> UUID | None:
    """Become the only one doing `job` for `duration`; None while somebody else is."""
    me = uuid7()
    JobLease.objects.bulk_create([JobLease(job=job, holder=me, until=_LONG_AGO)], ignore_conflicts=True)
    won = JobLease.objects.filter(job=job, until__lte=db_now()).update(holder=me, until=db_now() + duration)
    return me if won else None


def release_lease(job: str, holder: UUID) -> None:
    """Give the lease back early; a lease that was lost meanwhile stays with its new holder."""
    JobLease.objects.filter(job=job, holder=holder).update(until=db_now())
