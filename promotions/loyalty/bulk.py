"""The programme for demo data and importers."""

from collections.abc import Iterable

from django.db import transaction

from .models import LoyaltyLevel, Reward
from .services.offering import LevelTerms, RewardTerms, create_level, create_reward


@transaction.atomic
def add_programme(*, levels: Iterable[LevelTerms], rewards: Iterable[RewardTerms]) -> int:
    """Make the levels and rewards unless there is one of that key or name; how many are new.

    Raises what `create_level` and `create_reward` raise.
    """
    keys = set(LoyaltyLevel.objects.values_list("key", flat=True))
    names = set(Reward.objects.values_list("name", flat=True))
    new_levels = [terms for terms in levels if terms.key not in keys]
    new_rewards = [terms for terms in rewards if terms.name not in names]
    for level in new_levels:
        create_level(terms=level, actor_id=None)
    for reward in new_rewards:
        create_reward(terms=reward, actor_id=None)
    return len(new_levels) + len(new_rewards)
