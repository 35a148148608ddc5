"""The state machine: every step from every state, and facts that are published exactly once, at their moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError
from marketplace.core.outbox.models import OutboxEvent
from promotions.campaigns import tasks
from promotions.campaigns.errors import CampaignNotFoundError, CampaignStateError
from promotions.campaigns.models import Campaign
from promotions.campaigns.services import lifecycle
from promotions.campaigns.services.lifecycle import refuse_step
from promotions.campaigns.states import TRANSITIONS, State
from promotions.facade import rule_book

from .factories import make_campaign

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
# What each call makes of each state: the state after it, or a refusal. Nothing is due yet but what `make` has started.
CALLS: dict[tuple[str, str], Any] = {
    ("activate", "draft"): "scheduled",
    ("activate", "scheduled"): "scheduled",
    ("activate", "active"): "active",
    ("activate", "ended"): CampaignStateError,
    ("deactivate", "draft"): "draft",
    ("deactivate", "scheduled"): "draft",
    ("deactivate", "active"): "ended",
    ("deactivate", "ended"): CampaignStateError,
    ("start", "draft"): "draft",
    ("start", "scheduled"): "active",
    ("start", "active"): "active",
    ("start", "ended"): "ended",
    ("end", "draft"): "draft",
    ("end", "scheduled"): "ended",
    ("end", "active"): "ended",
    ("end", "ended"): "ended",
}


def published(name: str) -> list[dict[str, object]]:
    return [event.payload for event in OutboxEvent.objects.filter(wire_name=f"promotions.{name}").order_by("pk")]


def ends(campaign: Campaign) -> datetime:
    assert campaign.ends_at is not None
    return campaign.ends_at


def call(name: str, campaign: Campaign) -> None:
    """As people and the clock do it: the clock comes at the first moment, or after the last."""
    now = timezone.now()
    if name == "activate":
        lifecycle.activate_campaign(campaign_id=campaign.pk, actor_id=None, at=now)
    elif name == "deactivate":
        lifecycle.deactivate_campaign(campaign_id=campaign.pk, actor_id=None, at=now)
    elif name == "start":
        lifecycle.start_due_campaigns(at=campaign.starts_at)
    else:
        lifecycle.start_due_campaigns(at=ends(campaign))
        lifecycle.end_due_campaigns(at=ends(campaign))


@pytest.mark.parametrize(("name", "state"), CALLS)
def test_every_call_from_every_state(name, state):
    terms = {"starts_at": timezone.now() + HOUR} if state == "draft" else {}
    campaign = make_campaign(state=state, **terms)
    expected = CALLS[name, state]
    before = (campaign.version, rule_book().version)

    if isinstance(expected, str):
        call(name, campaign)
    else:
        with pytest.raises(expected):
            call(name, campaign)

    campaign.refresh_from_db()
    after = expected if isinstance(expected, str) else state
    assert campaign.state == after
    assert ((campaign.version, rule_book().version) == before) == (after == state)


@pytest.mark.parametrize("state", TRANSITIONS)
@pytest.mark.parametrize("to_state", TRANSITIONS)
def test_every_step_of_the_table_and_no_other(state, to_state):
    campaign = Campaign(state=state)

    if to_state in TRANSITIONS[state]:
        refuse_step(campaign, to_state)
    else:
        with pytest.raises(CampaignStateError):
            refuse_step(campaign, to_state)


def test_the_table_knows_every_state():
    assert set(TRANSITIONS) == set(State)


def test_an_unknown_campaign_is_none():
    unknown = Campaign().pk

    with pytest.raises(CampaignNotFoundError):
        lifecycle.activate_campaign(campaign_id=unknown, actor_id=None, at=timezone.now())
    assert not lifecycle.start_campaign(campaign_id=unknown, at=timezone.now())
    assert not lifecycle.end_campaign(campaign_id=unknown, at=timezone.now())


def test_one_whose_end_has_passed_cannot_be_activated():
    now = timezone.now()
    campaign = make_campaign(state="draft", starts_at=now - 3 * HOUR, ends_at=now - HOUR)

    with pytest.raises(InvalidInputError):
        lifecycle.activate_campaign(campaign_id=campaign.pk, actor_id=None, at=now)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.version) == ("draft", 1)


def test_the_start_is_published_once_at_its_moment_and_not_before():
    campaign = make_campaign(state="scheduled")
    early = campaign.starts_at - timedelta(microseconds=1)

    assert lifecycle.start_due_campaigns(at=early) == 0
    assert published("campaign_started") == []
    assert [lifecycle.start_due_campaigns(at=campaign.starts_at) for _ in range(3)] == [1, 0, 0]

    [event] = published("campaign_started")
    assert event["campaign_id"] == str(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.started_at == campaign.starts_at
    assert AuditEntry.objects.filter(action="promotions.start_campaign", actor_id=None).count() == 1


def test_the_end_is_published_once_at_its_moment_and_not_before():
    campaign = make_campaign()
    early = ends(campaign) - timedelta(microseconds=1)

    assert lifecycle.end_due_campaigns(at=early) == 0
    assert [lifecycle.end_due_campaigns(at=ends(campaign)) for _ in range(3)] == [1, 0, 0]

    [event] = published("campaign_ended")
    assert (event["campaign_id"], event["reason"]) == (str(campaign.pk), "time")
    assert rule_book().rules == ()


def test_one_that_was_taken_back_and_scheduled_again_starts_once():
    campaign = make_campaign(state="scheduled")
    call("deactivate", campaign)
    call("activate", campaign)

    lifecycle.start_due_campaigns(at=campaign.starts_at)

    assert len(published("campaign_started")) == 1


def test_nothing_is_published_of_one_that_nobody_saw():
    campaign = make_campaign(state="scheduled")

    lifecycle.start_due_campaigns(at=ends(campaign))

    campaign.refresh_from_db()
    assert (campaign.state, campaign.started_at) == ("ended", None)
    assert published("campaign_started") == published("campaign_ended") == []


def test_ended_by_people_says_so():
    campaign = make_campaign()

    call("deactivate", campaign)

    assert [event["reason"] for event in published("campaign_ended")] == ["staff"]
    assert AuditEntry.objects.order_by("-pk")[0].after == {"state": "ended"}


def test_without_an_end_it_goes_on():
    campaign = make_campaign(ends_at=None)

    assert lifecycle.end_due_campaigns(at=campaign.starts_at + timedelta(days=9_999)) == 0


def test_the_clock_asks_two_questions_when_nothing_is_due(django_assert_num_queries):
    make_campaign()
    make_campaign(state="scheduled")

    with django_assert_num_queries(2):
        tasks.sweep_campaigns()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fact", ["started", "ended"])
def test_many_clocks_at_once_publish_once(together, fact):
    campaign = make_campaign(state="scheduled" if fact == "started" else "active")
    moment = campaign.starts_at if fact == "started" else ends(campaign)
    run = lifecycle.start_due_campaigns if fact == "started" else lifecycle.end_due_campaigns

    answers = together(lambda _number: run(at=moment), 8)

    assert sorted(answers) == [0] * 7 + [1]
    assert len(published(f"campaign_{fact}")) == 1
