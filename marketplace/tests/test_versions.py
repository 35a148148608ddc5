"""Rows that several people edit: the version is compared and set in one statement."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.errors import StaleError
from marketplace.core.http.etags import compare_and_set, etag
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory

pytestmark = pytest.mark.django_db


def test_a_write_counts_the_version_up_and_moves_the_time_of_change():
    store = StoreFactory.create()
    before = timezone.now() - timedelta(days=1)
    Store.objects.filter(pk=store.pk).update(updated_at=before)

    compare_and_set(store, 1, name="New")

    stored = Store.objects.get(pk=store.pk)
    assert (store.name, store.version, etag(store)) == ("New", 2, '"2"')
    assert (stored.name, stored.version) == ("New", 2)
    assert stored.updated_at > before + timedelta(hours=23)


def test_a_version_that_is_no_more_changes_nothing():
    store = StoreFactory.create()
    compare_and_set(Store.objects.get(pk=store.pk), 1, name="First")

    with pytest.raises(StaleError):
        compare_and_set(store, 1, name="Second")
    with pytest.raises(StaleError):
        compare_and_set(store, None, name="Second")

    assert Store.objects.get(pk=store.pk).name == "First"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_write_at_once_one_wins(together):
    store = StoreFactory.create()

    def write(number):
        compare_and_set(Store.objects.get(pk=store.pk), 1, name=f"Writer {number}")
        return number

    answers = together(write, 6)

    winners = [answer for answer in answers if isinstance(answer, int)]
    assert len(winners) == 1
    assert sum(isinstance(answer, StaleError) for answer in answers) == 5
    assert Store.objects.get(pk=store.pk).name == f"Writer {winners[0]}"
