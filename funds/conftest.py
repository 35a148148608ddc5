"""After every test of this context its books are read in full: no invariant may be broken, whatever was tried."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from funds.verification import verify_books


@pytest.fixture(autouse=True)
def _books_are_sound(request: pytest.FixtureRequest, db: None) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("breaks_books") is None:
        assert verify_books(at=timezone.now(), is_full=True) == []
