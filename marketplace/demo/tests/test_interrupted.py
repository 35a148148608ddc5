"""Filling begins only in an empty house, and goes on where it was interrupted."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from marketplace.demo import populate as populating
from promotions.models import FlashPromo
from stores.merchants.tests.factories import StoreFactory
from stores.models import Store

pytestmark = pytest.mark.once

User = get_user_model()


def populate_if_empty() -> str:
    out = StringIO()
    call_command("populate_demo_data", stdout=out, verbosity=0, if_empty=True)
    return out.getvalue()


@pytest.mark.django_db
def test_real_data_is_left_alone():
    StoreFactory()

    assert populate_if_empty() == ""

    assert Store.objects.count() == 1
    assert not User.objects.exists()


@pytest.mark.django_db
def test_interrupted_filling_is_finished(monkeypatch):
    def out_of_power(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(populating, "_schedule", out_of_power)
        with pytest.raises(KeyboardInterrupt):
            populate_if_empty()
    assert Store.objects.exists()
    assert populating.wants_demo_data()

    populate_if_empty()

    assert FlashPromo.objects.count() == 18
    assert populate_if_empty() == ""
