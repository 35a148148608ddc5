"""What a variant's card says of its shelf."""

from uuid import uuid4

import pytest

from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.facade import reserve_stock, variant_cards

from .factories import stocked

pytestmark = pytest.mark.django_db


def test_what_is_set_aside_is_not_available_and_what_is_unknown_is_not_there(django_assert_num_queries):
    some, none = VariantFactory(), VariantFactory()
    stocked(some, 10)
    reserve_stock(lines=[StockLine(some.pk, some.store_id, 3)], idem_key="order:1")

    with django_assert_num_queries(1):
        cards = variant_cards([some.pk, none.pk, uuid4()])

    assert {pk: card.available for pk, card in cards.items()} == {some.pk: 7, none.pk: 0}
