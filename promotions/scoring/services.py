"""Scores are computed whole, and published once they are."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.forms.models import model_to_dict

from marketplace.core import audit
from marketplace.core.outbox.publishing import publish
from promotions.engagement.selectors import policy_in_force
from promotions.events import ScoresPublished

from . import selectors, statements
from .models import ProductScore, ScoresVersion, ScoringPolicy

KEPT_VERSIONS: Final = 24
"""A day of hourly ones; a selection keeps its own evidence, and is served for minutes."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@transaction.atomic
def compute_scores(*, at: datetime) -> ScoresVersion:
    """Compute the five scores of every product that may be seen, as of `at`, and publish them as a complete version.

    All or nothing: whoever reads sees the version before until this one is whole. Twice, also at the same time, is two
    versions that say the same. Formulas: `formulas`; sums decay with the half-life of the engagement policy.
    """
    _give_room()
    before, policy, half_life = selectors.current_version(), selectors.policy(), policy_in_force().half_life_hours
    version = ScoresVersion.objects.create(policy=_said(policy) | {"half_life_hours": half_life}, started_at=at)
    statements.gather(
        at=at,
        half_life_hours=half_life,
        before=before.pk if before else 0,
        before_at=before.started_at if before else _EVER,
    )
    statements.write_levels(version=version.pk, policy=policy)
    version.products_count = statements.write_scores(version=version.pk, at=at, policy=policy)
    version.completed_at = at
    version.save(update_fields=["products_count", "completed_at"])
    publish(ScoresPublished(version=version.pk))
    return version


def forget_old_scores(*, keep: int = KEPT_VERSIONS) -> int:
    """Delete all but the newest complete versions, and what was left half-written before them; how many.

    A transaction for each version.
    """
    complete = ScoresVersion.objects.filter(completed_at__isnull=False).order_by("-pk")
    first_kept = complete.values_list("pk", flat=True)[keep - 1 : keep].first()
    old = [] if first_kept is None else list(ScoresVersion.objects.filter(pk__lt=first_kept).order_by("pk"))
    for version in old:
        with transaction.atomic():
            rows = ProductScore.objects.filter(version=version.pk)
            rows._raw_delete(rows.db)
            version.delete()
    return len(old)


@transaction.atomic
def set_policy(*, values: dict[str, Any], actor_id: UUID | None, reason: str = "") -> ScoringPolicy:
    """Write a new policy: the one in force with these values instead, in the audit trail. Old rows are history.

    It counts from the next computation of the scores on, and at once for selections.
    """
    before = selectors.policy()
    newest = ScoringPolicy.objects.create(**(_said(before) | values))
    old, new = _said(before), _said(newest)
    changed = [name for name in new if new[name] != old[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.set_scoring_policy",
        subject=newest,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
        reason=reason,
    )
    return newest


def _said(policy: ScoringPolicy) -> dict[str, Any]:
    return model_to_dict(policy, exclude=["id"])


def _give_room() -> None:
    """Sorts of a hundred thousand rows stay in memory; only this transaction's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
