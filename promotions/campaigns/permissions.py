"""Campaigns are the house's: one can cost on everything that is sold, so no department's or store's key opens them."""

from promotions.rules.permissions import RunsForTheHouse


class RunsCampaigns(RunsForTheHouse):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for campaigns."""

    model = "campaign"
