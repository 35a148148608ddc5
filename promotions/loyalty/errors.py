"""Refusals of the loyalty programme."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class InsufficientPointsError(DomainError):
    """There are fewer points than the reward costs; `missing` says how many fewer."""

    code = "insufficient_points"
    message = gettext_noop("You need %(missing)s more points for this.")


class RewardNotFoundError(NotFoundError):
    """No such reward."""


class RewardNotOfferedError(DomainError):
    """It is not offered now."""

    code = "reward_not_offered"
    message = gettext_noop("This reward is not offered any more.")


class RewardUsedUpError(DomainError):
    """None of it is left."""

    code = "reward_used_up"
    message = gettext_noop("Nothing is left of this reward.")


class LevelTooLowError(DomainError):
    """The reward is for a higher level; `level` is its name."""

    code = "level_too_low"
    message = gettext_noop("This reward begins with the level “%(level)s”.")


class VoucherGoneError(DomainError):
    """A voucher was used by another order, or has expired."""

    code = "voucher_gone"
    message = gettext_noop("The voucher “%(name)s” was used or has expired.")


class RedemptionNotFoundError(NotFoundError):
    """No such redemption."""


class RedemptionStateError(DomainError):
    """Only what waits for an order can be taken back."""

    code = "redemption_state"
    message = gettext_noop("What was used or has expired cannot be taken back.")


class MemberNotFoundError(NotFoundError):
    """The customer has no points yet."""


class LevelNotFoundError(NotFoundError):
    """No such level."""


class LevelInUseError(DomainError):
    """Members or rewards are on the level."""

    code = "level_in_use"
    message = gettext_noop("Members or rewards are on this level; raise its threshold instead.")
