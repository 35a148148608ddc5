"""Refusals of gift lists. None of them says whether a gift is claimed to somebody who is not to know."""

from marketplace.core.errors import DomainError, gettext_noop


class GiftListClosedError(DomainError):
    """A closed list takes nothing any more."""

    code = "gift_list_closed"
    message = gettext_noop("The list is closed.")


class GiftListInUseError(DomainError):
    """A list with a history of money or purchases stays for the books."""

    code = "gift_list_in_use"
    message = gettext_noop("The list has contributions or purchases. Close it instead.")


class GiftListPromisedError(DomainError):
    """Somebody has given on these terms."""

    code = "gift_list_promised"
    message = gettext_noop("Somebody has contributed already: what happens to the money cannot be changed any more.")


class SurpriseKeptError(DomainError):
    """Whoever claimed a gift relied on it."""

    code = "surprise_kept"
    message = gettext_noop("A list that keeps its surprise keeps it to the end.")


class OwnGiftListError(DomainError):
    """Whoever keeps a list does not claim its gifts."""

    code = "own_gift_list"
    message = gettext_noop("You cannot claim gifts of a list that you keep.")


class GiftNotWantedError(DomainError):
    """Ordered, received or removed."""

    code = "gift_not_wanted"
    message = gettext_noop("The gift is not wanted any more (%(state)s).")


class GiftClaimedError(DomainError):
    """Somebody else gives it."""

    code = "gift_claimed"
    message = gettext_noop("Somebody else gives this already.")


class TooManyGiftListsError(DomainError):
    """`most` a person."""

    code = "too_many_gift_lists"
    message = gettext_noop("You have %(most)s lists. Close and delete one first.")


class TooManyGiftsError(DomainError):
    """`most` a list, received ones not counted."""

    code = "too_many_gifts"
    message = gettext_noop("A list takes %(most)s gifts.")


class TooManyEditorsError(DomainError):
    """`most` a list."""

    code = "too_many_editors"
    message = gettext_noop("A list takes %(most)s editors.")
