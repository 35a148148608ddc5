"""Pins stand on the house's own pages: no department's or store's key opens them."""

from promotions.rules.permissions import RunsForTheHouse


class RunsPins(RunsForTheHouse):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for pins."""

    model = "pin"
