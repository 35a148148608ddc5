"""Experiments change what everybody is shown: they are the house's, and no department's or store's key opens them."""

from typing import ClassVar

from promotions.rules.permissions import RunsForTheHouse


class RunsExperiments(RunsForTheHouse):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for experiments."""

    model = "experiment"
    needs: ClassVar[dict[str, str]] = RunsForTheHouse.needs | {"report": "view"}
