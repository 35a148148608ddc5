"""Refusals of flash promotions."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class PromoNotFoundError(NotFoundError):
    """No such promotion, or a draft of somebody else."""


class PromoNotRunningError(DomainError):
    """It has not begun, is paused or over, or its store or product is not selling now."""

    code = "promo_not_running"
    message = gettext_noop("This promotion is not running now.")


class PromoSoldOutError(DomainError):
    """Every unit is sold."""

    code = "promo_sold_out"
    message = gettext_noop("Every unit of this promotion is sold.")


class PromoHeldError(DomainError):
    """Every unit left is in somebody's minute."""

    code = "promo_already_held"
    message = gettext_noop("Somebody else holds this unit. Try again in %(seconds_left)s s.")


class NotEligibleError(DomainError):
    """The promotion is for other customers; `failed_rules` says why."""

    code = "not_eligible"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("This promotion is not open to you.")


class ActiveHoldExistsError(DomainError):
    """The customer's one minute is spent on another promotion."""

    code = "active_hold_exists"
    message = gettext_noop("You hold a unit of another promotion for %(seconds_left)s s more.")


class UnitHeldAlreadyError(DomainError):
    """Who holds a unit need not wait for one."""

    code = "unit_held_already"
    message = gettext_noop("You hold a unit of this promotion: there is nothing to wait for.")


class NotInLineError(NotFoundError):
    """The customer has no place in the queue."""

    code = "not_in_line"
    message = gettext_noop("You are not in the waiting list of this promotion.")


class PromoLimitReachedError(DomainError):
    """The customer has bought as many units of the promotion as one customer may."""

    code = "promo_limit_reached"
    message = gettext_noop("You have bought %(limit)s of this promotion: no customer gets more.")


class CoolingDownError(DomainError):
    """The customer let several holds lapse and waits a while before the next one."""

    code = "cooling_down"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("You let %(holds)s reservations lapse. You can reserve again in %(seconds_left)s s.")


class ReservationNotFoundError(NotFoundError):
    """No such reservation, or somebody else's."""


class ReservationLapsedError(DomainError):
    """Its minute has passed, or its unit went to somebody else."""

    code = "reservation_lapsed"
    message = gettext_noop("The time to complete this reservation has passed.")


class ReservationCancelledError(DomainError):
    """Its holder gave it back."""

    code = "reservation_cancelled"
    message = gettext_noop("This reservation was cancelled.")


class ReservationCompletedError(DomainError):
    """It became an order; cancel the order instead."""

    code = "reservation_completed"
    message = gettext_noop("This reservation is completed; cancel its order instead.")


class ReservationBeingPaidError(DomainError):
    """An order of it waits for a provider's money; that order is paid another way or called off instead."""

    code = "reservation_being_paid"
    message = gettext_noop("An order of this reservation waits for its payment; pay or cancel that order.")


class PromoStartedError(DomainError):
    """What customers were promised at the start stays as it is."""

    code = "promo_started"
    message = gettext_noop("The promotion has started; this can no longer be changed.")


class PromoEndedError(DomainError):
    """It is over and stays over."""

    code = "promo_ended"
    message = gettext_noop("The promotion is over.")


class ReservationInProgressError(DomainError):
    """An account whose owner holds a unit cannot be erased before the minute ends."""

    code = "reservation_in_progress"
    message = gettext_noop("A reservation is in progress. Cancel it or wait for it to lapse.")
