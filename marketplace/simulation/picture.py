"""The minute as a picture: who came, who got a unit, who did not, how long answers took, when inboxes had it.

Needs matplotlib, which is a tool of development and no part of the product.
"""

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from .figures import percentile
from .playing import Minute

mpl.use("Agg")
INK, WIN, LOSS, WAIT = "#1f2937", "#15803d", "#b91c1c", "#2563eb"
REFUSALS = {"promo_already_held": "every unit is held", "promo_sold_out": "sold out"}


def draw(minute: Minute, *, seconds: float, title: str, path: Path) -> None:
    """Write the picture; the ending of `path` decides the format (.svg, .png)."""
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "x"})
    figure, rows = plt.subplots(4, 1, figsize=(9, 11), sharex=True, constrained_layout=True)
    figure.suptitle(title, color=INK)
    _arrivals(rows[0], minute, seconds)
    _units(rows[1], minute, seconds)
    _latency(rows[2], minute)
    _told(rows[3], minute)
    rows[3].set_xlabel("seconds from the start of the promotion")
    rows[3].set_xlim(-0.5, seconds)
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _arrivals(axes: Axes, minute: Minute, seconds: float) -> None:
    axes.set_title("Requests a second", loc="left")
    width = range(int(seconds) + 2)
    refused = [answer.sent_at for answer in minute.answers if answer.outcome in REFUSALS]
    won = minute.of("reserved")
    axes.hist([won, refused], bins=list(width), stacked=True, color=[WIN, LOSS], label=["won a unit", "refused"])
    axes.hist(minute.arrivals, bins=list(width), histtype="step", color=INK, label="customers who came")
    axes.legend(frameon=False)


def _units(axes: Axes, minute: Minute, seconds: float) -> None:
    axes.set_title("Units: taken for a minute, and bought", loc="left")
    for outcome, label, colour in (("reserved", "holds, in all", WAIT), ("paid", "bought", WIN)):
        moments = sorted(minute.of(outcome))
        axes.step(
            [0, *moments, seconds], [*range(len(moments) + 1), len(moments)], where="post", color=colour, label=label
        )
    axes.legend(frameon=False)


def _latency(axes: Axes, minute: Minute) -> None:
    axes.set_title("How long an answer took", loc="left")
    by_second: dict[int, list[float]] = {}
    for answer in minute.answers:
        by_second.setdefault(int(answer.sent_at), []).append(answer.seconds)
    at = sorted(by_second)
    for share, label, colour in ((0.5, "half of them", WAIT), (0.95, "95 of 100", LOSS)):
        axes.plot(at, [percentile(by_second[second], share) for second in at], color=colour, label=label)
    axes.set_ylabel("ms")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _told(axes: Axes, minute: Minute) -> None:
    axes.set_title("Inboxes that had the notification", loc="left")
    axes.plot([at for at, _count in minute.told], [count for _at, count in minute.told], color=INK)
    axes.set_ylim(bottom=0)
