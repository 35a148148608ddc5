"""Who wants what: the table of kinds, but for the customer's own word."""

import pytest
from django.utils import timezone

from marketplace.core.ids import uuid7
from notifications.inbox.models import InboxItem
from notifications.inbox.services import tell_customer, tell_people
from notifications.kinds.table import KINDS
from notifications.preferences import services
from notifications.preferences.errors import RequiredNotificationError
from notifications.preferences.models import Preference
from notifications.preferences.selectors import channels_wanted, wanted

pytestmark = pytest.mark.django_db


def say(customer, kind, channel, is_on):
    services.change_preferences(
        customer_id=customer, wishes=[services.Wish(kind=kind, channel=channel, is_on=is_on)], with_house=True
    )


def test_wanted_is_the_default_but_for_their_own_word(django_assert_num_queries):
    silent, out, into = uuid7(), uuid7(), uuid7()
    say(out, "question_answered", "email", False)
    say(into, "flash_started", "email", True)

    with django_assert_num_queries(2):
        by_default = wanted("question_answered", "email", [silent, out, into])
        not_by_default = wanted("flash_started", "email", [silent, out, into])

    assert by_default == {silent, into}
    assert not_by_default == {into}
    assert channels_wanted("flash_started", into) == {"inbox", "push", "email"}


def test_a_word_from_before_the_kind_was_required_counts_no_more(django_assert_num_queries):
    customer = uuid7()
    Preference.objects.create(customer=customer, kind="order_paid", channel="inbox", is_on=False)

    with django_assert_num_queries(0):
        assert wanted("order_paid", "inbox", [customer]) == {customer}
    assert "inbox" in channels_wanted("order_paid", customer)


def test_kind_from_another_version_goes_nowhere_else_than_the_inbox():
    customer = uuid7()

    assert wanted("from_the_future", "inbox", [customer]) == {customer}
    assert wanted("from_the_future", "email", [customer]) == set()


def test_whoever_switched_a_kind_off_is_not_told_the_others_are():
    quiet, other = uuid7(), uuid7()
    say(quiet, "low_balance", "inbox", False)
    say(quiet, "stock_low", "inbox", False)

    for customer in (quiet, other):
        tell_customer(
            kind="low_balance", customer_id=customer, params={}, dedupe_key=f"low:{customer}", at=timezone.now()
        )
    tell_people(kind="stock_low", people=[quiet, other], params={}, dedupe_key="stock", at=timezone.now())

    assert set(InboxItem.objects.values_list("customer", "message__kind")) == {
        (other, "low_balance"),
        (other, "stock_low"),
    }


def test_no_more_mail_leaves_the_required_ones():
    customer = uuid7()

    switched = services.switch_mail_off(customer_id=customer, kind=None)

    assert set(switched) == {code for code, kind in KINDS.items() if not kind.is_required_on("email")}
    assert wanted("withdrawal_refused", "email", [customer]) == {customer}
    assert wanted("order_paid", "email", [customer]) == set()


def test_required_mail_cannot_be_switched_off_and_nothing_changes():
    with pytest.raises(RequiredNotificationError):
        services.switch_mail_off(customer_id=uuid7(), kind="withdrawal_refused")

    assert Preference.objects.count() == 0
