"""`manage.py evaluate_exposure`: what lists by popularity would have hit in a log of what people did."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from promotions.evaluation import bandit, generating, report
from promotions.evaluation.layouts import KINDS, LAYOUTS, HeaderError
from promotions.evaluation.reading import Faults, lines_of, rows_of
from promotions.evaluation.replay import replay
from promotions.evaluation.shelf import Settings
from promotions.evaluation.timeline import Timed, in_order


class Command(BaseCommand):
    """Reads no database. Memory grows with the items of the log, not with its lines."""

    help = "Replay a log of events on one timeline and report how popularity, as this shop counts it, does in it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """A log to read, or one to write."""
        parser.add_argument("--events", type=Path, help="the log (.csv, .csv.gz)")
        parser.add_argument("--layout", choices=sorted(LAYOUTS), default="own")
        parser.add_argument("--size", type=int, default=20, help="places of a list (default 20)")
        parser.add_argument("--targets", default="view,click,cart,purchase", help="kinds of events to be foretold")
        parser.add_argument("--half-life-hours", type=float, default=168.0)
        parser.add_argument(
            "--warm-up-hours", type=float, default=24.0, help="of the log's beginning: only learnt from"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--plot", type=Path, help="a picture: .svg or .png (needs matplotlib)")
        parser.add_argument("--generate", type=Path, help="write a log with a known truth there, and evaluate it")
        parser.add_argument("--count", type=int, default=100_000, help="lines of a generated log")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Exit status 1 for a file that is none of the layout."""
        _check(options)
        path: Path = options["generate"] or options["events"]
        if options["generate"]:
            self._generate(options)
        elif not path.is_file():
            raise CommandError(f"There is no file {path}.")
        faults = Faults()
        try:
            if options["layout"] == "openbandit":
                self._bandit(path, faults, options)
            else:
                self._replay(path, faults, options)
        except HeaderError as error:
            raise CommandError(f"{path.name} is not of the layout {options['layout']}: {error}.") from error
        except (OSError, EOFError) as error:
            raise CommandError(f"{path.name} cannot be read: {error}") from error
        for sentence in faults.told():
            self.stdout.write(sentence)

    def _generate(self, options: dict[str, Any]) -> None:
        path, count, seed = options["generate"], options["count"], options["seed"]
        match options["layout"]:
            case "own":
                truth = generating.write_events(path, events=count, size=options["size"], seed=seed)
                self.stdout.write(f"Truth: the best possible lists hit {truth.best:.4f}")
            case "openbandit":
                known = generating.write_bandit(path, rounds=count, seed=seed)
                self.stdout.write(f"Truth: {known.uniform:.4f} clicks a round at random, {known.best:.4f} at best")
            case other:
                raise CommandError(f"--generate writes the layouts own and openbandit, not {other}.")

    def _replay(self, path: Path, faults: Faults, options: dict[str, Any]) -> None:
        settings = Settings(size=options["size"], half_life_hours=options["half_life_hours"], seed=options["seed"])
        targets = frozenset(options["targets"].split(","))
        rows = in_order(_rows(path, options["layout"], faults))
        outcome = replay(rows, settings=settings, targets=targets, warm_up_hours=options["warm_up_hours"])
        figures = outcome.figures()
        for line in report.replay_report(outcome, figures):
            self.stdout.write(line)
        if options["plot"] and outcome.targets:
            title = f"{outcome.targets:,} targets in {outcome.events:,} events of {outcome.items:,} items"
            _picture().draw_replay(outcome, figures, title=title, path=options["plot"])
            self.stdout.write(f"Picture: {options['plot']}")

    def _bandit(self, path: Path, faults: Faults, options: dict[str, Any]) -> None:
        items, positions = bandit.catalogue(_rows(path, "openbandit", Faults()))
        policies = bandit.Policies(items, positions, half_life_hours=options["half_life_hours"])
        estimates = bandit.evaluate(in_order(_rows(path, "openbandit", faults)), policies)
        for line in report.bandit_report(estimates):
            self.stdout.write(line)
        if options["plot"]:
            _picture().draw_bandit(estimates, title=f"Policies in {path.name}", path=options["plot"])
            self.stdout.write(f"Picture: {options['plot']}")


def _rows(path: Path, layout: str, faults: Faults) -> Iterator[Timed]:
    return rows_of(lines_of(path, faults), LAYOUTS[layout](), faults)


def _picture() -> Any:
    # Matplotlib is a tool of development and no part of the product.
    return import_module("promotions.evaluation.picture")


def _check(options: dict[str, Any]) -> None:
    if bool(options["events"]) == bool(options["generate"]):
        raise CommandError("Give --events, a log to read, or --generate, one to write.")
    if not 1 <= options["size"] <= 200:
        raise CommandError("--size: give 1 to 200.")
    if not 0.1 <= options["half_life_hours"] <= 100_000:
        raise CommandError("--half-life-hours: give 0.1 to 100,000.")
    if not 0 <= options["warm_up_hours"] <= 100_000:
        raise CommandError("--warm-up-hours: give 0 to 100,000.")
    if not 1 <= options["count"] <= 100_000_000:
        raise CommandError("--count: give 1 to 100,000,000.")
    if not set(options["targets"].split(",")) <= set(KINDS):
        raise CommandError(f"--targets: give some of {', '.join(KINDS)}.")
    plot = options["plot"]
    if plot is not None and plot.suffix not in {".svg", ".png"}:
        raise CommandError("--plot: give a name that ends in .svg or .png.")
    if plot is not None and find_spec("matplotlib") is None:
        raise CommandError("--plot needs matplotlib: make env-dev")
