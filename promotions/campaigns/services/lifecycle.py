"""The states of a campaign: activated and deactivated by people, started and ended by the clock.

What the clock does is harmless twice: the relay asks each second, beat's sweep asks again.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import DomainError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.jobs import take_slot
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from promotions.campaigns.errors import CampaignNotFoundError, CampaignStateError
from promotions.campaigns.models import Campaign
from promotions.campaigns.selectors import due_to_end, due_to_start
from promotions.campaigns.states import TRANSITIONS, State
from promotions.events import CampaignEnded, CampaignStarted
from promotions.rules.versions import bump

logger = logging.getLogger(__name__)

BATCH = 200


@transaction.atomic
def activate_campaign(
    *, campaign_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Campaign:
    """Schedule a draft; one whose first moment has come starts. One that is switched on stays as it is.

    Raises `CampaignNotFoundError`, `StaleError`, `CampaignStateError` (ended), `InvalidInputError` when its end has
    passed.
    """
    campaign = locked_campaign(campaign_id, expected_version)
    if campaign.state in {State.SCHEDULED, State.ACTIVE}:
        return campaign
    if campaign.ends_at is not None and campaign.ends_at <= at:
        refuse_step(campaign, State.SCHEDULED)
        raise InvalidInputError.of("ends_at", "invalid", gettext_noop("The end must lie in the future."))
    _step(campaign, State.SCHEDULED, actor_id=actor_id, action="promotions.schedule_campaign")
    start_if_due(campaign, at)
    bump([campaign.pk])
    return campaign


@transaction.atomic
def deactivate_campaign(
    *, campaign_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Campaign:
    """Take back what has not begun: it is a draft again. End what has, for good. A draft stays as it is.

    Raises `CampaignNotFoundError`, `StaleError`, `CampaignStateError` (ended).
    """
    campaign = locked_campaign(campaign_id, expected_version)
    start_if_due(campaign, at)
    if campaign.state == State.DRAFT:
        return campaign
    if campaign.state == State.SCHEDULED:
        _step(campaign, State.DRAFT, actor_id=actor_id, action="promotions.withdraw_campaign")
    else:
        _end(campaign, at, reason="staff", actor_id=actor_id)
    bump([campaign.pk])
    return campaign


def start_due_campaigns(*, at: datetime) -> int:
    """Start every campaign whose moment has come; how many. One indexed query when none has."""
    return _each(due_to_start(at, BATCH), lambda campaign_id: start_campaign(campaign_id=campaign_id, at=at))


def end_due_campaigns(*, at: datetime) -> int:
    """End every campaign past its last moment; how many. One indexed query when there is none."""
    return _each(due_to_end(at, BATCH), lambda campaign_id: end_campaign(campaign_id=campaign_id, at=at))


@transaction.atomic
def start_campaign(*, campaign_id: UUID, at: datetime) -> bool:
    """Start a campaign, once in its life; False when there is nothing to start."""
    for campaign in lock(LockRank.CAMPAIGN_USAGE, Campaign.objects.due_to_start(at).filter(pk=campaign_id)):
        if start_if_due(campaign, at):
            bump([campaign.pk])
            return True
    return False


@transaction.atomic
def end_campaign(*, campaign_id: UUID, at: datetime) -> bool:
    """End a campaign past its last moment; False when it is not, or ended before."""
    for campaign in lock(LockRank.CAMPAIGN_USAGE, Campaign.objects.due_to_end(at).filter(pk=campaign_id)):
        _end(campaign, at, reason="time", actor_id=None)
        bump([campaign.pk])
        return True
    return False


def start_if_due(campaign: Campaign, at: datetime) -> bool:
    """`start_campaign` for a row the caller has locked, who then raises the version of the rule book.

    Both moments may have passed while nobody looked: it then ends without having been.
    """
    if campaign.state != State.SCHEDULED or campaign.starts_at > at:
        return False
    if campaign.ends_at is not None and campaign.ends_at <= at:
        _step(campaign, State.ENDED, actor_id=None, action="promotions.end_campaign", ended_at=at)
        return True
    _step(campaign, State.ACTIVE, actor_id=None, action="promotions.start_campaign", started_at=at)
    if take_slot("promotions.campaigns.start", str(campaign.pk)):
        publish(CampaignStarted(campaign_id=campaign.pk, starts_at=campaign.starts_at, ends_at=campaign.ends_at))
    return True


def locked_campaign(campaign_id: UUID, expected_version: int | None) -> Campaign:
    """The campaign, locked. Raises `CampaignNotFoundError`, `StaleError`."""
    for campaign in lock(LockRank.CAMPAIGN_USAGE, Campaign.objects.filter(pk=campaign_id)):
        if expected_version not in {None, campaign.version}:
            raise StaleError
        return campaign
    raise CampaignNotFoundError


def refuse_step(campaign: Campaign, to_state: str) -> None:
    """Raises `CampaignStateError` where the state machine has no such step."""
    if to_state not in TRANSITIONS[campaign.state]:
        raise CampaignStateError(state=campaign.state)


def _end(campaign: Campaign, at: datetime, *, reason: str, actor_id: UUID | None) -> None:
    _step(campaign, State.ENDED, actor_id=actor_id, action="promotions.end_campaign", ended_at=at)
    if take_slot("promotions.campaigns.end", str(campaign.pk)):
        publish(CampaignEnded(campaign_id=campaign.pk, reason=reason, ended_at=at))


def _step(campaign: Campaign, to_state: str, *, actor_id: UUID | None, action: str, **moments: Any) -> None:
    refuse_step(campaign, to_state)
    before = campaign.state
    compare_and_set(campaign, None, state=to_state, **moments)
    audit.record(
        actor_id=actor_id, action=action, subject=campaign, before={"state": before}, after={"state": campaign.state}
    )


def _each(campaign_ids: Iterable[UUID], work: Callable[[UUID], bool]) -> int:
    done = 0
    for campaign_id in campaign_ids:
        try:
            done += work(campaign_id)
        except DomainError:
            # One campaign that cannot go on does not keep the others waiting.
            logger.exception("campaign left as it is", extra={"campaign": str(campaign_id)})
    return done
