"""Scores tell what goods cost and earn: the house's alone, no department's or store's key opens them."""

from typing import ClassVar

from promotions.rules.permissions import RunsForTheHouse


class RunsScores(RunsForTheHouse):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for versions."""

    model = "scoresversion"
    needs: ClassVar[dict[str, str]] = {"rankings": "view", "run": "add"}
