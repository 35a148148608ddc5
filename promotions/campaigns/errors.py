"""Refusals of campaigns."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class CampaignNotFoundError(NotFoundError):
    """No such campaign."""


class CampaignStateError(DomainError):
    """The state machine has no such step from here."""

    code = "campaign_state"
    message = gettext_noop("A campaign in state “%(state)s” does not allow this.")


class CampaignStartedError(DomainError):
    """What customers were promised at the start stays as it is."""

    code = "campaign_started"
    message = gettext_noop("The campaign has started; this can no longer be changed.")


class CouponTakenError(DomainError):
    """Codes are unique, whatever their case."""

    code = "coupon_taken"
    message = gettext_noop("The coupon code %(coupon)s is taken.")


class CampaignUsedUpError(DomainError):
    """No use of a promotion is left: for anybody (`of` is `everyone`), for this customer, or of a coupon."""

    code = "promotion_used_up"
    message = gettext_noop("The promotion “%(name)s” is used up.")
