"""What follows from events."""

from marketplace.core.outbox.handlers import handles
from users.events import TierPolicyChanged

from .services.tiers import recompute_tiers


@handles(TierPolicyChanged, queue="default", atomic=False)
def recompute_tiers_on_policy_change(event: TierPolicyChanged) -> None:
    """New limits: every tier is settled again, in chunks."""
    recompute_tiers()
