"""Refusals of the customers slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class CustomerNotFoundError(NotFoundError):
    """No such customer."""


class SegmentNotFoundError(NotFoundError):
    """No such segment."""


class SegmentSlugTakenError(DomainError):
    """Another segment has this slug."""

    code = "segment_slug_taken"
    message = gettext_noop("Another segment has this slug.")


class AutomaticSegmentError(DomainError):
    """Behaviour fills this segment; people neither fill nor delete it."""

    code = "automatic_segment"
    message = gettext_noop("This segment is filled by the customers' behaviour.")


class ProfileExistsError(DomainError):
    """The account has a profile."""

    code = "profile_exists"
    message = gettext_noop("This account has a profile already.")


class SegmentInUseError(DomainError):
    """Something still names the segment."""

    code = "segment_in_use"
    message = gettext_noop("This segment is still in use.")


class TierLimitsError(DomainError):
    """Gold begins above silver, silver above nothing."""

    code = "tier_limits"
    message = gettext_noop("Silver begins at one order or more, gold above silver.")
