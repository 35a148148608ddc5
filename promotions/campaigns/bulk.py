"""Campaigns for demo data and importers."""

from datetime import datetime

from django.db import transaction

from .models import Campaign
from .services.lifecycle import activate_campaign
from .services.planning import create_campaign
from .terms import CampaignTerms


@transaction.atomic
def add_campaign(terms: CampaignTerms, *, at: datetime) -> bool:
    """Make a campaign and switch it on, unless there is one of that name; whether it is new.

    Raises what `create_campaign` raises.
    """
    if Campaign.objects.filter(name=terms.name.strip()).exists():
        return False
    activate_campaign(campaign_id=create_campaign(terms=terms, actor_id=None).pk, actor_id=None, at=at)
    return True
