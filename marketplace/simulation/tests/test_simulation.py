"""The simulation tells the truth about what it played."""

from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from marketplace.core.outbox.relay import drain
from marketplace.simulation.connections import encoded
from marketplace.simulation.figures import figures_of
from marketplace.simulation.picture import draw
from marketplace.simulation.plan import Visitor, plan_minute
from marketplace.simulation.playing import Answer, Minute, Player
from marketplace.simulation.sale import announce_sale, gather_crowd
from notifications.facade import told_of_promo
from promotions.models import PromoUnit
from purchases.models import Order


def visitor(number: int, *, pays: bool, arrives_at: float = 0.2) -> Visitor:
    return Visitor(number=number, arrives_at=arrives_at, pays=pays, thinks_seconds=0.05, patience_seconds=0.1)


def test_one_seed_is_one_minute_and_everybody_comes_within_it():
    plan = plan_minute(customers=500, seconds=60, seed=7)

    assert plan == plan_minute(customers=500, seconds=60, seed=7)
    assert plan != plan_minute(customers=500, seconds=60, seed=8)
    assert sorted(each.number for each in plan) == list(range(500))
    assert [each.arrives_at for each in plan] == sorted(each.arrives_at for each in plan)
    assert plan[-1].arrives_at <= 60
    # Most of an on-sale minute happens in its first seconds.
    assert sum(each.arrives_at < 5 for each in plan) > 250


def test_request_is_what_http_asks_for():
    request = encoded("POST", "/x/", {"Authorization": "Bearer t"}, {"a": "ü"})

    head, body = request.split(b"\r\n\r\n")
    assert head.startswith(b"POST /x/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Content-Type: application/json" in head


@pytest.mark.django_db(transaction=True)
def test_what_is_played_is_what_the_database_says_afterwards(live_server):
    crowd = gather_crowd(6)
    sale = announce_sale(units=2, seconds=2, at=timezone.now(), lead=timedelta(0))
    drain()
    port = urlsplit(live_server.url).port
    player = Player(port=port, promo_id=sale.promo_id, tokens=crowd.tokens, starts_at=sale.starts_at.timestamp())

    def count_told() -> int:
        try:
            return told_of_promo(sale.promo_id)
        finally:
            connection.close()

    minute = player.play([visitor(number, pays=True) for number in range(6)], seconds=2, count_told=count_told)

    figures = figures_of(minute, customers=6)
    assert figures.sold == 2 == Order.objects.count()
    assert PromoUnit.objects.filter(promo=sale.promo_id, sold_at__isnull=False).count() == 2
    assert figures.outcomes["reserved"] == 2
    assert len(minute.arrivals) == 6
    assert figures.told == 6
    assert set(figures.outcomes) <= {"reserved", "paid", "promo_already_held", "promo_sold_out"}


def test_figures_of_a_minute():
    minute = Minute(
        arrivals=[0.0, 0.1],
        answers=[Answer(0.0, "reserved", 0.010), Answer(0.1, "promo_already_held", 0.020), Answer(1.0, "paid", 0.030)],
        told=[(0.1, 0), (0.4, 1), (0.9, 2), (1.0, 2)],
    )

    figures = figures_of(minute, customers=2)

    assert (figures.sold, figures.told, figures.told_after) == (1, 2, 0.9)
    assert (figures.p50, figures.p95) == (20.0, 30.0)
    assert figures_of(minute, customers=3).told_after is None


def test_picture_is_drawn(tmp_path):
    minute = Minute([0.5], [Answer(0.5, "reserved", 0.01), Answer(2.0, "paid", 0.02)], [(0.0, 0), (1.0, 1)])

    draw(minute, seconds=5, title="1 customer, 1 unit", path=tmp_path / "minute.svg")

    text = (tmp_path / "minute.svg").read_text()
    assert text.startswith("<?xml")
    assert "<svg" in text


@pytest.mark.parametrize(
    "wrong", ["--customers=0", "--customers=100001", "--units=0", "--seconds=0", "--output=minute.pdf"]
)
def test_what_cannot_be_played_is_refused_before_anything_is_made(wrong):
    with pytest.raises(CommandError, match=wrong.split("=", maxsplit=1)[0]):
        call_command("simulate_flash_sale", wrong, stdout=StringIO())
