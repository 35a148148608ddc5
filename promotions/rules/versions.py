"""The version of the rule book: read before each use, raised with each change."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F

from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, enter
from marketplace.core.outbox.publishing import publish
from promotions.events import PriceRulesChanged

from .models import RuleBookVersion


class Stamp(NamedTuple):
    """A state of the rules; equal stamps are equal rules."""

    version: int
    token: UUID


NO_RULES = Stamp(0, UUID(int=0))
"""Before the first rule."""


def read_stamp() -> Stamp:
    """The state of the rules as this transaction sees it (one query)."""
    row = RuleBookVersion.objects.filter(pk=RuleBookVersion.ONLY).values_list("version", "token").first()
    return NO_RULES if row is None else Stamp(*row)


@transaction.atomic
def bump(rule_ids: Iterable[UUID]) -> int:
    """Raise the version for a change of these rules, in the transaction that makes it; the new version.

    Whoever changes rules at the same time waits here for the other's end: call it last. Publishes
    `PriceRulesChanged`.
    """
    enter(LockRank.CAMPAIGN_USAGE)
    only, token = RuleBookVersion.objects.filter(pk=RuleBookVersion.ONLY), uuid7()
    if not only.update(version=F("version") + 1, token=token):
        RuleBookVersion.objects.bulk_create([RuleBookVersion(token=token)], ignore_conflicts=True)
        only.update(version=F("version") + 1, token=token)
    version = read_stamp().version
    publish(PriceRulesChanged(version=version, rule_ids=tuple(sorted(set(rule_ids)))))
    return version
