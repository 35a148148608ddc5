"""The terms of a campaign: made, changed, removed; each time audited, and the rule book's version raised."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from promotions.campaigns.errors import CampaignStartedError, CampaignStateError, CouponTakenError
from promotions.campaigns.models import Campaign, Coupon
from promotions.campaigns.states import ON, State
from promotions.campaigns.terms import CampaignTerms, sorted_coupons, terms_of, wrong_terms
from promotions.rules.versions import bump

from .lifecycle import locked_campaign, start_if_due
from .usage import count_uses_anew

_FROZEN_AT_START = ("starts_at", "scope")


@transaction.atomic
def create_campaign(*, terms: CampaignTerms, actor_id: UUID | None) -> Campaign:
    """Make a draft. Raises `InvalidInputError` with every wrong field, `CouponTakenError`; nothing is then left."""
    terms = replace(terms, coupons=sorted_coupons(iter(terms.coupons)))
    _check(terms)
    campaign = Campaign.objects.create(**terms.columns())
    _set_lists(campaign, terms)
    _set_coupons(campaign, terms)
    audit.record(actor_id=actor_id, action="promotions.create_campaign", subject=campaign, after=terms.said())
    bump([campaign.pk])
    return campaign


@transaction.atomic
def change_campaign(
    *,
    campaign_id: UUID,
    changes: Mapping[str, Any],
    actor_id: UUID | None,
    at: datetime,
    expected_version: int | None = None,
) -> Campaign:
    """Change some of the terms (`CampaignTerms`' names).

    Once it has started, its start and scope stay. A scheduled one whose start is moved to the past starts. Raises
    `CampaignNotFoundError`, `StaleError`, `CampaignStateError` (ended), `CampaignStartedError` (with `fields`),
    `InvalidInputError`, `CouponTakenError`.
    """
    campaign = locked_campaign(campaign_id, expected_version)
    has_started = start_if_due(campaign, at)
    before = terms_of(campaign)
    terms = replace(before, **changes)
    terms = replace(terms, coupons=sorted_coupons(iter(terms.coupons)))
    if terms == before:
        if has_started:
            bump([campaign.pk])
        return campaign
    _refuse_frozen(campaign, before, terms)
    _check(terms, at if campaign.state in ON else None)
    compare_and_set(campaign, campaign.version, **terms.columns())
    _set_lists(campaign, terms)
    # Uses, counters, coupons: the order in which orders take and give them back.
    if terms.is_limited and not before.is_limited:
        count_uses_anew(campaign)
    _set_coupons(campaign, terms)
    _record_change(campaign, before, terms, actor_id)
    start_if_due(campaign, at)
    bump([campaign.pk])
    return campaign


@transaction.atomic
def delete_campaign(*, campaign_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Remove a draft. Raises `CampaignNotFoundError`, `StaleError`, `CampaignStateError`: deactivate it first, or
    leave it with the books."""
    campaign = locked_campaign(campaign_id, expected_version)
    if campaign.state != State.DRAFT:
        raise CampaignStateError(state=campaign.state)
    audit.record(
        actor_id=actor_id, action="promotions.delete_campaign", subject=campaign, before=terms_of(campaign).said()
    )
    campaign.delete()
    bump([campaign_id])


def _check(terms: CampaignTerms, on_at: datetime | None = None) -> None:
    errors = [*wrong_terms(terms), *_unknown(terms)]
    if on_at is not None and terms.ends_at is not None and terms.ends_at <= on_at:
        errors.append(FieldError("ends_at", "invalid", gettext_noop("The end must lie in the future.")))
    if errors:
        raise InvalidInputError(errors)


def _unknown(terms: CampaignTerms) -> Iterator[FieldError]:
    """Targets and segments that do not exist."""
    for name, ids in terms.lists().items():
        related: Any = Campaign._meta.get_field(name).related_model
        if ids and related._default_manager.filter(pk__in=ids).count() != len(ids):
            yield FieldError(name, "does_not_exist", gettext_noop("Some of these do not exist."))


def _refuse_frozen(campaign: Campaign, before: CampaignTerms, after: CampaignTerms) -> None:
    if campaign.state == State.ENDED:
        raise CampaignStateError(state=campaign.state)
    if campaign.state == State.ACTIVE:
        touched = [name for name in _FROZEN_AT_START if getattr(before, name) != getattr(after, name)]
        if touched:
            raise CampaignStartedError(fields=touched)


def _set_lists(campaign: Campaign, terms: CampaignTerms) -> None:
    for name, ids in terms.lists().items():
        getattr(campaign, name).set(ids)


def _set_coupons(campaign: Campaign, terms: CampaignTerms) -> None:
    """Codes that stay keep their count of uses."""
    wanted = {each.code: each.max_uses for each in terms.coupons}
    present = {coupon.code: coupon for coupon in Coupon.objects.filter(campaign=campaign)}
    Coupon.objects.filter(pk__in=[coupon.pk for code, coupon in present.items() if code not in wanted]).delete()
    changed = [coupon for code, coupon in present.items() if wanted.get(code, coupon.max_uses) != coupon.max_uses]
    for coupon in changed:
        coupon.max_uses = wanted[coupon.code]
    Coupon.objects.bulk_update(changed, ["max_uses"])
    new = [Coupon(campaign=campaign, code=code, max_uses=most) for code, most in wanted.items() if code not in present]
    try:
        with transaction.atomic():
            Coupon.objects.bulk_create(new)
    except IntegrityError as error:
        taken = Coupon.objects.filter(code__in=[coupon.code for coupon in new]).values_list("code", flat=True).first()
        raise CouponTakenError(coupon=taken or new[0].code) from error


def _record_change(campaign: Campaign, before: CampaignTerms, after: CampaignTerms, actor_id: UUID | None) -> None:
    old, new = before.said(), after.said()
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.change_campaign",
        subject=campaign,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
