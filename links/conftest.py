"""After every test of this context pots and ledger are compared: whatever was tried, they say the same."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from funds.facade import verify_books
from links.pots.verification import pots_in_balance


@pytest.fixture(autouse=True)
def _pots_are_in_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("django_db") and not request.node.get_closest_marker("breaks_books"):
        assert pots_in_balance() == []
        assert verify_books(at=timezone.now(), is_full=True) == []
