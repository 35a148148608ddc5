"""What a run leaves behind: its record, said in codes and parameters."""

from typing import Any

from purchases.autobuy.outcomes import kept
from purchases.autobuy.values import Verdict


def entry(verdict: Verdict) -> dict[str, Any]:
    """One gift of a run's record."""
    return {
        "gift": str(verdict.gift_id),
        "title": verdict.wish.gift.title,
        "outcome": verdict.outcome,
        "params": kept(verdict.params),
        "purchase": None if verdict.purchase_id is None else str(verdict.purchase_id),
    }
