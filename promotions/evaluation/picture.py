"""The evaluation as a picture. Needs matplotlib, which is a tool of development and no part of the product."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .bandit import Estimate
from .measures import Interval
from .replay import Figures, Outcome

mpl.use("Agg")
INK = "#1f2937"
COLOURS = ["#9ca3af", "#d97706", "#b91c1c", "#2563eb", "#15803d", "#7c3aed"]


def draw_replay(outcome: Outcome, figures: Mapping[str, Figures], *, title: str, path: Path) -> None:
    """Hit ratios by size, with intervals by people; the catalogue's share. `.svg` or `.png`."""
    figure, panels = _canvas(title, 3)
    colours = dict(zip(figures, COLOURS, strict=False))
    sizes = range(1, outcome.settings.size + 1)
    panels[0].set_title("Hit ratio of the first k places", loc="left")
    for name, each in figures.items():
        panels[0].plot(sizes, each.by_size, color=colours[name], label=name)
    panels[0].axhline(outcome.expected_random, color=INK, linewidth=0.6, linestyle=":")
    panels[0].set_xlabel("k; dotted: a random list, by arithmetic")
    panels[0].set_xticks([size for size in sizes if size % max(len(sizes) // 10, 1) == 0])
    panels[0].legend(frameon=False)
    panels[1].set_title(f"Hit ratio@{outcome.settings.size}, 95 % by people", loc="left")
    for shift, (scope, mark) in enumerate((("all", "o"), ("new to user", "s"), ("met before", "^"))):
        _dots(panels[1], {name: each.hit_ratio[scope] for name, each in figures.items()}, colours, mark, shift, scope)
    panels[1].legend(frameon=False)
    panels[2].set_title("Coverage of the catalogue, and Gini of what was shown", loc="left")
    places = range(len(figures))
    panels[2].barh([n - 0.2 for n in places], [each.coverage for each in figures.values()], 0.36, color="#2563eb")
    panels[2].barh([n + 0.2 for n in places], [each.gini for each in figures.values()], 0.36, color="#9ca3af")
    panels[2].set_yticks(list(places), list(figures))
    panels[2].invert_yaxis()
    panels[2].set_xlim(0, 1.25)
    panels[2].legend(["coverage", "Gini"], frameon=False)
    _save(figure, path)


def draw_bandit(estimates: Mapping[str, Estimate], *, title: str, path: Path) -> None:
    """Clicks a round by IPS and SNIPS, with intervals."""
    figure, panels = _canvas(title, 1)
    colours = dict(zip(estimates, COLOURS, strict=False))
    _dots(panels[0], {name: each.ips for name, each in estimates.items()}, colours, "o", 0, "IPS")
    _dots(panels[0], {name: each.snips for name, each in estimates.items()}, colours, "s", 1, "SNIPS")
    panels[0].set_title("Clicks a round, 95 %", loc="left")
    panels[0].legend(frameon=False)
    _save(figure, path)


def _canvas(title: str, rows: int) -> tuple[Figure, list[Axes]]:
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "x"})
    figure, panels = plt.subplots(rows, 1, figsize=(9, 3.4 * rows), constrained_layout=True, squeeze=False)
    figure.suptitle(title, color=INK)
    return figure, list(panels[:, 0])


def _dots(
    axes: Axes, values: Mapping[str, Interval], colours: Mapping[str, str], mark: str, shift: int, label: str
) -> None:
    for place, (name, each) in enumerate(values.items()):
        spread = [[each.value - each.low], [each.high - each.value]]
        axes.errorbar(
            each.value,
            place + 0.22 * shift,
            xerr=spread,
            fmt=mark,
            markersize=4,
            capsize=3,
            color=colours[name],
            label=label if not place else None,
        )
    if not shift:
        axes.set_yticks(range(len(values)), list(values))
        axes.invert_yaxis()


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
