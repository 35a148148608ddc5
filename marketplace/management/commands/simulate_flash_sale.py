"""`manage.py simulate_flash_sale`: an on-sale minute, played by real HTTP clients, and its picture."""

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from marketplace.simulation.figures import Figures, figures_of
from marketplace.simulation.plan import plan_minute
from marketplace.simulation.playing import Player
from marketplace.simulation.sale import announce_sale, gather_crowd
from marketplace.simulation.servers import served
from notifications.facade import told_of_promo

LEAD = timedelta(seconds=3)


class Command(BaseCommand):
    """It brings its own store, customers and money into the configured database: point it at one to throw away."""

    help = "Play an on-sale minute over HTTP against this product and draw what happened."

    def add_arguments(self, parser: CommandParser) -> None:
        """The seed decides who comes when."""
        parser.add_argument("--customers", type=int, default=1_000)
        parser.add_argument("--units", type=int, default=20)
        parser.add_argument("--seconds", type=float, default=90.0, help="how long customers come and ask (default 90)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--port", type=int, help="a server of this database that runs already, on this machine")
        parser.add_argument("--output", type=Path, help="the picture: .svg or .png (needs matplotlib)")

    def handle(
        self,
        *_args: Any,
        customers: int,
        units: int,
        seconds: float,
        seed: int,
        port: int | None,
        output: Path | None,
        **_options: Any,
    ) -> None:
        """Exit status 1 when a unit was sold twice, or more was sold than there is."""
        _check(customers, units, seconds, output)
        if port is None:
            with served() as own:
                self._play(customers, units, seconds, seed, own, output)
        else:
            self._play(customers, units, seconds, seed, port, output)

    def _play(self, customers: int, units: int, seconds: float, seed: int, port: int, output: Path | None) -> None:
        crowd = gather_crowd(customers)
        sale = announce_sale(units=units, seconds=seconds, at=timezone.now(), lead=LEAD)
        player = Player(port=port, promo_id=sale.promo_id, tokens=crowd.tokens, starts_at=sale.starts_at.timestamp())
        visitors = plan_minute(customers=customers, seconds=seconds, seed=seed)
        minute = player.play(visitors, seconds=seconds, count_told=lambda: told_of_promo(sale.promo_id))
        figures = figures_of(minute, customers=customers)
        self._report(figures, customers, units)
        if output is not None:
            title = f"{customers:,} customers, {units} units, {connection.vendor}: {figures.sold} sold"
            # Matplotlib is a tool of development and no part of the product.
            picture = import_module("marketplace.simulation.picture")
            picture.draw(minute, seconds=seconds, title=title, path=output)
            self.stdout.write(f"Picture: {output}")
        if figures.sold > units:
            raise CommandError(f"{figures.sold} of {units} units were sold")

    def _report(self, figures: Figures, customers: int, units: int) -> None:
        self.stdout.write(f"Sold:     {figures.sold} of {units} units")
        self.stdout.write(f"Answers:  p50 {figures.p50:.0f} ms, p95 {figures.p95:.0f} ms")
        for outcome, count in figures.outcomes.most_common():
            self.stdout.write(f"  {outcome}: {count}")
        after = "" if figures.told_after is None else f", the last {figures.told_after:.1f} s after the start"
        self.stdout.write(f"Told:     {figures.told} of {customers}{after}")


def _check(customers: int, units: int, seconds: float, output: Path | None) -> None:
    if not 1 <= customers <= 100_000:
        raise CommandError("--customers: give 1 to 100,000.")
    if not 1 <= units <= 10_000:
        raise CommandError("--units: give 1 to 10,000.")
    if not 1 <= seconds <= 600:
        raise CommandError("--seconds: give 1 to 600.")
    if output is not None and output.suffix not in {".svg", ".png"}:
        raise CommandError("--output: give a name that ends in .svg or .png.")
    if output is not None and find_spec("matplotlib") is None:
        raise CommandError("--output needs matplotlib: make env-dev")
