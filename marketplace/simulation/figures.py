"""What a minute amounts to, in numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .playing import Minute


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds and seconds; `told_after` is none when not everybody was told within the run."""

    outcomes: Counter[str]
    p50: float
    p95: float
    sold: int
    told: int
    told_after: float | None


def percentile(seconds: Iterable[float], share: float) -> float:
    """In milliseconds."""
    times = sorted(seconds)
    return times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0.0


def figures_of(minute: Minute, *, customers: int) -> Figures:
    """From the record of the minute."""
    times = [answer.seconds for answer in minute.answers]
    complete = [at for at, count in minute.told if count >= customers]
    return Figures(
        outcomes=Counter(answer.outcome for answer in minute.answers),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        sold=len(minute.of("paid")),
        told=max((count for _at, count in minute.told), default=0),
        told_after=complete[0] if complete else None,
    )
