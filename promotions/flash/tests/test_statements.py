"""PostgreSQL runs the statements of the on-sale second as functions; a migration wrote them down."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from marketplace.core.clock import read_db_now
from promotions.flash import statements
from promotions.flash.models import PromoUnit

from .factories import make_customer, make_promo

pytestmark = pytest.mark.django_db


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["look", "take_hold", "claim_unit"])
def test_the_function_in_the_database_is_the_statement_as_it_is_now(name: str) -> None:
    """Whoever changes a statement writes a migration, or PostgreSQL goes on with the old one."""
    created = statements.function_texts()[name]
    function = created.split("FUNCTION ")[1].split("(")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [function])
        (body,), *others = cursor.fetchall()

    assert not others
    assert body.split() == created.split("$$")[1].split()  # line breaks aside


def finds_a_unit(promo):
    """What PostgreSQL looks at before the claim, because most find nothing."""
    condition = statements.statement_texts(connection.vendor)["has_free_unit"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {condition}", {"promo": promo.pk if connection.vendor == "postgresql" else promo.pk.hex}
        )
        return bool(cursor.fetchone()[0])


def make_so(units, now, **moments):
    """Those moments, from now on, and somebody holds what is held."""
    holder = uuid4() if "held_until" in moments else None
    units.update(holder=holder, **{"held_until": None} | {key: now + shift for key, shift in moments.items()})


LAPSED, HELD, NOW = timedelta(seconds=-1), timedelta(seconds=30), timedelta(0)


@pytest.mark.parametrize("is_beside_free_ones", [False, True], ids=["alone", "beside another's free units"])
@pytest.mark.parametrize(
    ("moments", "is_free"),
    [
        ({}, True),
        ({"held_until": LAPSED}, True),
        ({"held_until": HELD}, False),
        ({"sold_at": NOW}, False),
        ({"sold_at": NOW, "held_until": LAPSED}, False),
        ({"released_at": NOW}, False),
        ({"released_at": NOW, "held_until": LAPSED}, False),
    ],
    ids=["untouched", "lapsed", "held", "sold", "sold after a hold", "given back", "given back after a hold"],
)
def test_the_look_before_the_claim_finds_what_the_claim_would_take(moments, is_free, is_beside_free_ones):
    promo, other, now = make_promo(), make_promo(units=2), read_db_now()
    theirs = PromoUnit.objects.filter(promo=other)
    if is_beside_free_ones:
        make_so(theirs.filter(number=1), now, held_until=LAPSED)
    else:
        make_so(theirs, now, held_until=HELD)
    make_so(PromoUnit.objects.filter(promo=promo), now, **moments)

    assert finds_a_unit(promo) is is_free
    claim = statements.claim_unit(promo_id=promo.pk, customer_id=make_customer().pk, until=now + HELD)
    assert (claim is not None) is is_free
