"""The evaluation in words and tables."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from .bandit import Estimate
from .replay import BASELINE, SCOPES, Figures, Outcome

FEW: float = 100.0


def replay_report(outcome: Outcome, figures: Mapping[str, Figures]) -> Iterator[str]:
    """Lines for people."""
    if not outcome.targets:
        yield f"{outcome.events} events, none of them to be foretold after the warm-up: nothing to report."
        return
    size = outcome.settings.size
    yield (
        f"{outcome.events} events of {outcome.items} items, {_day(outcome.began)} to {_day(outcome.ended)}; "
        f"{outcome.targets} targets, lists of {size}"
    )
    yield f"  a random list hits {outcome.expected_random:.4f} by arithmetic"
    if outcome.mistakes > 0.001:
        yield f"  up to {outcome.mistakes:.1%} of new pairs may count as met before"
    for scope in SCOPES:
        count = int(sum(outcome.wholes[scope]))
        yield f"Targets: {scope} ({count})"
        yield f"  {'list':16} {'hit ratio@' + str(size):28} NDCG@{size}"
        for name, each in figures.items():
            yield f"  {name:16} {each.hit_ratio[scope]!s:28} {each.ndcg[scope]}"
    yield f"  {'list':16} {f'better than {BASELINE}':28} coverage  Gini"
    for name, each in figures.items():
        yield f"  {name:16} {each.better!s:28} {each.coverage:8.4f}  {each.gini:.4f}"


def bandit_report(estimates: Mapping[str, Estimate]) -> Iterator[str]:
    """Lines for people."""
    rounds = max(each.rounds for each in estimates.values())
    yield f"{rounds} rounds; clicks a round"
    yield f"  {'policy':16} {'IPS':28} {'SNIPS':28} effective rounds"
    for name, each in estimates.items():
        warning = "  too few to read" if each.effective < FEW else ""
        yield f"  {name:16} {each.ips!s:28} {each.snips!s:28} {each.effective:.0f}{warning}"


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
