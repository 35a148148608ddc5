"""Fixtures for tests that walk over all pages of the back office."""

import pytest

from marketplace.core.http import problems


@pytest.fixture
def refusals_without_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most requests of such a walk are refused: the page that says so, with the whole menu, would be half the work."""
    monkeypatch.setattr(problems, "BACK_OFFICE", "/no such path")
