"""Refusals of the alerts slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class AlertNotFoundError(NotFoundError):
    """No such alert, or it is somebody else's."""

    code = "price_alert_not_found"
    message = gettext_noop("There is no such price alert.")


class WatchedNotFoundError(NotFoundError):
    """What is to be watched is not the caller's link, or nothing that the shop sells."""

    code = "watched_not_found"
    message = gettext_noop("There is no such link of yours, and no such product.")


class TooManyAlertsError(DomainError):
    """More alerts than one person may have."""

    code = "too_many_price_alerts"
    message = gettext_noop("You have %(limit)s price alerts, which is as many as there can be.")


class AlertCurrencyError(DomainError):
    """A target in another currency than the price: it could never be reached."""

    code = "alert_currency"
    message = gettext_noop("The price is in %(currency)s; give the target in the same currency.")
