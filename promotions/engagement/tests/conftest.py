"""Fixtures of the slice."""

import pytest

from promotions.engagement.products import known_products


@pytest.fixture(autouse=True)
def _no_product_is_known():
    """A product that another test asked for is not there any more."""
    known_products.clear()
