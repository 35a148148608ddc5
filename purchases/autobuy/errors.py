"""Refusals of automatic purchases."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class ScheduleNotFoundError(NotFoundError):
    """No such schedule, or somebody else's."""

    code = "schedule_not_found"


class PurchaseNotFoundError(NotFoundError):
    """No such automatic purchase, or somebody else's."""

    code = "purchase_not_found"


class GiftNotFoundError(NotFoundError):
    """No such gift or list, or it is not the customer's own."""

    code = "gift_not_found"


class TicketNotFoundError(NotFoundError):
    """No such purchase in another shop."""

    code = "ticket_not_found"


class TooManySchedulesError(DomainError):
    """More than anybody can keep in mind."""

    code = "too_many_schedules"
    message = gettext_noop("You have %(limit)s schedules already. Remove one first.")


class NotBuyableError(DomainError):
    """It cannot be bought as it is; `reason` is one of the outcomes of the run records, `why` its sentence."""

    code = "gift_not_buyable"
    message = gettext_noop("This cannot be bought now. %(why)s")


class PurchaseUnderWayError(DomainError):
    """A gift has one try at a time."""

    code = "purchase_under_way"
    message = gettext_noop("This is being bought already, or waits for your answer.")


class NotWaitingError(DomainError):
    """There is nothing to answer: it was answered, or its time is over."""

    code = "purchase_not_waiting"
    message = gettext_noop("This purchase does not wait for an answer any more.")


class PriceRoseError(DomainError):
    """It costs more than what was agreed to. `price` is what it costs now: say yes to that."""

    code = "price_rose"
    message = gettext_noop("It costs %(amount)s %(currency)s now, which is more than you agreed to.")


class ChangedMeanwhileError(DomainError):
    """The plan or its gift is not what the engine had read. It looks again; never an answer to a person."""

    code = "changed_meanwhile"
    message = gettext_noop("This has changed in the meantime.")


class DeliveryAddressNeededError(DomainError):
    """Staff would not know where to have it sent."""

    code = "delivery_address_needed"
    message = gettext_noop("Say where to send it: your address book is empty.")


class TicketStateError(DomainError):
    """Somebody else was faster, or it is not at that step."""

    code = "ticket_state"
    message = gettext_noop("This purchase is not at that step any more (%(state)s). Please look at it again.")


class NotYourTicketError(DomainError):
    """Another of the staff is buying it."""

    code = "ticket_claimed"
    message = gettext_noop("A colleague is buying this.")


class CostExceedsHeldError(DomainError):
    """More than the customer's money that is on hold for it."""

    code = "cost_exceeds_held"
    message = gettext_noop("Only %(amount)s %(currency)s are set aside for it. Ask the customer again, or give it up.")


class PurchaseUnderWayErasureError(DomainError):
    """Erasure waits while money of an automatic purchase is set aside or an order is on its way."""

    code = "automatic_purchase_under_way"
    message = gettext_noop("An automatic purchase is under way.")
