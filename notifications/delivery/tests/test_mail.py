"""The mails: two parts, two languages, links that stop them; digests; what the provider reports."""

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.utils import timezone

from notifications.delivery import services
from notifications.delivery.links import unsubscribe_url
from notifications.delivery.mail import mail_for
from notifications.delivery.models import Straggler, Suppression
from notifications.delivery.planning import address_hash
from notifications.delivery.services.stragglers import NO_TOKENS
from notifications.delivery.services.suppression import suppress_address
from notifications.delivery.tests.factories import DeliveryFactory
from notifications.inbox.models import InboxItem
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from notifications.preferences.models import Preference, QuietHours
from notifications.rates.models import SendingRate
from notifications.rates.services import set_rate
from users import facade as users
from users.customers.tests.factories import make_customer

pytestmark = pytest.mark.django_db
PAGE = "/api/v1/notifications/unsubscribe/"
REPORTS = "/api/v1/notifications/mail-reports/"
ANSWERED = {"kind": "question_answered", "params": {"product_name": "Café <b>Altura</b>"}}


def contact(user):
    return users.contacts([user.pk])[user.pk]


def token_of(user, kind) -> str:
    return parse_qs(urlsplit(unsubscribe_url(user.pk, kind)).query)["token"][0]


def test_mail_has_two_parts_in_the_readers_language_and_a_way_out():
    user = make_customer(name="Ana", profile={"language": "es"})

    sent = mail_for(MessageFactory(**ANSWERED), contact(user))

    html = str(sent.alternatives[0][0])
    assert sent.subject == "Tu pregunta sobre Café <b>Altura</b> tiene respuesta"
    assert "Hola, Ana" in sent.body
    assert "Café <b>Altura</b>" in sent.body
    assert "Café &lt;b&gt;Altura&lt;/b&gt;" in html
    assert "<b>Altura" not in html
    assert "style=" in html
    assert "<style" not in html
    link = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in sent.body
    assert link in html
    assert "Dejar de recibir estos correos" in sent.body


def test_mail_that_is_required_offers_nothing_to_switch_off():
    message = MessageFactory(kind="withdrawal_settled", params={"amount": {"minor": 100, "currency": "MXN"}})

    sent = mail_for(message, contact(make_customer(profile={"language": "en"})))

    assert "List-Unsubscribe" not in sent.extra_headers
    assert "unsubscribe" not in sent.body
    assert "it is about your money" in str(sent.alternatives[0][0])


def test_looking_at_the_page_changes_nothing_and_posting_does(api):
    user = make_customer()
    token = token_of(user, "question_answered")

    page = api.get(PAGE, {"token": token}, headers={"Accept": "text/html", "Accept-Language": "en"})
    before = Preference.objects.count()
    answer = api.post(PAGE, {"token": token, "stop": "kind"}, format="json")

    assert page.status_code == 200
    assert "Answers to your questions" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert before == 0
    assert answer.json() == {"kinds": ["question_answered"]}
    row = Preference.objects.get()
    assert (row.customer, row.kind, row.channel, row.is_on) == (user.pk, "question_answered", "email", False)


def test_mail_program_stops_it_by_itself_as_rfc_8058_says(client):
    user = make_customer()
    address = unsubscribe_url(user.pk, "question_answered").partition("//")[2].partition("/")[2]

    for _ in range(2):
        answer = client.post(
            f"/{address}", "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )

    assert answer.status_code == 200
    assert Preference.objects.get().kind == "question_answered"


def test_browsers_form_stops_all_that_is_not_required(client):
    user = make_customer()
    body = {"token": token_of(user, "question_answered"), "stop": "all"}

    answer = client.post(PAGE, body, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en"})

    assert "Done." in answer.content.decode()
    stopped = set(Preference.objects.filter(customer=user.pk, is_on=False).values_list("kind", flat=True))
    assert {"question_answered", "order_paid", "announcement"} <= stopped
    assert "withdrawal_refused" not in stopped


@pytest.mark.parametrize("spoil", [lambda token: token[:-2], lambda token: "x" + token, lambda _token: ""])
def test_link_that_was_cut_off_changes_nothing(api, spoil):
    token = spoil(token_of(make_customer(), "question_answered"))

    assert api.get(PAGE, {"token": token}, headers={"Accept": "text/html"}).status_code == 400
    answer = api.post(PAGE, {"token": token or " "}, format="json")

    assert answer.status_code == 400
    assert Preference.objects.count() == 0


def test_good_links_of_many_people_share_no_limit_and_bad_ones_share_their_address(api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "unsubscribe": "2/hour", "auth": "1/hour"}
    tokens = [token_of(make_customer(), "question_answered") for _ in range(5)]

    bad = [api.post(PAGE, {"token": f"x{place}"}, format="json").status_code for place in range(3)]
    good = [api.post(PAGE, {"token": token}, format="json").status_code for token in tokens]
    again = [api.post(f"{PAGE}?token={tokens[0]}", {}, format="json").status_code for _ in range(2)]

    assert bad == [400, 400, 429]
    assert good == [200] * 5
    assert again == [200, 429]


def test_link_of_required_mail_stops_nothing(api):
    token = token_of(make_customer(), "withdrawal_refused")

    answer = api.post(PAGE, {"token": token}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "notification_required")
    assert Preference.objects.count() == 0


# --- digests


def collected(user, *messages):
    QuietHours.objects.get_or_create(customer=user.pk, defaults={"digest": "daily"})
    for message in messages:
        InboxItemFactory(customer=user.pk, message=message)
        DeliveryFactory(message=message, from_customer=user.pk, to_customer=user.pk)
    services.send_due()


def make_due() -> None:
    Straggler.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_what_may_wait_comes_in_one_mail_and_the_rest_at_once():
    user = make_customer(profile={"language": "en"})
    answered = [MessageFactory(**ANSWERED) for _ in range(3)]
    paid = MessageFactory(kind="return_refunded", params={"number": "K7P2", "item": "Coffee"})

    collected(user, *answered, paid)

    assert [sent.subject for sent in mail.outbox] == ["for what you gave back"]
    waiting = Straggler.objects.all()
    assert {row.reason for row in waiting} == {"digest"}
    assert len(waiting) == 3
    InboxItem.objects.filter(message=answered[0]).update(read_at=timezone.now())
    make_due()
    services.send_due()
    services.send_due()
    digest = mail.outbox[1]
    assert len(mail.outbox) == 2
    assert digest.subject == "2 notifications for you"
    assert digest.body.count("Your question about") == 2
    assert "List-Unsubscribe" in digest.extra_headers
    assert Straggler.objects.count() == 0


def test_digest_with_nothing_left_to_say_is_no_mail():
    user = make_customer()
    collected(user, MessageFactory(**ANSWERED))
    Preference.objects.create(customer=user.pk, kind="question_answered", channel="email", is_on=False)

    make_due()
    services.send_due()

    assert (mail.outbox, Straggler.objects.count()) == ([], 0)


def test_digest_to_a_dead_address_is_dropped():
    user = make_customer()
    collected(user, MessageFactory(**ANSWERED))
    suppress_address(address=user.email, reason=Suppression.Reason.BOUNCED)

    make_due()
    services.send_due()

    assert (mail.outbox, Straggler.objects.count()) == ([], 0)


def test_digests_wait_for_the_channels_tokens():
    users = [make_customer() for _ in range(3)]
    for user in users:
        collected(user, MessageFactory(**ANSWERED))
    set_rate(channel="email", per_second=1, burst=10, actor_id=None)
    # Filled in the future: nothing is added meanwhile.
    SendingRate.objects.update(tokens=2, filled_at=timezone.now() + timedelta(hours=1))

    make_due()
    services.send_due()

    assert len(mail.outbox) == 2
    left = Straggler.objects.get()
    assert (left.state, left.attempts, left.last_error) == ("waiting", 0, NO_TOKENS)
    SendingRate.objects.update(tokens=1)
    make_due()
    services.send_due()
    assert {sent.to[0] for sent in mail.outbox} == {user.email for user in users}
    assert Straggler.objects.count() == 0


# --- what the provider reports


@pytest.fixture
def provider(settings):
    settings.EMAIL_PROVIDER = "postmark"
    settings.EMAIL_WEBHOOK_SECRETS = ["us:secret"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": ["us:secret"]}


def report(client, secret="us:secret", **values):  # noqa: S107
    basic = base64.b64encode(secret.encode()).decode()
    body = {"RecordType": "Bounce", "Email": "Ana@example.com", "BouncedAt": "2026-03-01T12:00:00Z", **values}
    return client.post(
        REPORTS, json.dumps(body), content_type="application/json", headers={"Authorization": f"Basic {basic}"}
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Type": "HardBounce"}, "bounced"),
        ({"Type": "SoftBounce"}, None),
        ({"Type": "Transient"}, None),
        ({"Type": "SpamComplaint", "RecordType": "SpamComplaint"}, "complained"),
        ({"Type": "BadEmailAddress"}, "bounced"),
        ({"RecordType": "Delivery", "Recipient": "ana@example.com"}, None),
    ],
)
def test_only_what_is_final_suppresses_the_address(client, provider, values, reason):
    answers = [report(client, **values).status_code for _ in range(2)]

    assert answers == [200, 200]
    found = list(Suppression.objects.values_list("address_hash", "reason"))
    assert found == ([(address_hash("ana@example.com"), reason)] if reason else [])


def test_forged_and_unreadable_reports_change_nothing(client, provider):
    assert report(client, "us:guess", Type="HardBounce").status_code == 400
    basic = base64.b64encode(b"us:secret").decode()
    for body in ("[1]", "{", '{"RecordType": 5}'):
        answer = client.post(
            REPORTS, body, content_type="application/json", headers={"Authorization": f"Basic {basic}"}
        )
        assert answer.status_code in {200, 400}
    assert Suppression.objects.count() == 0


def test_without_a_secret_nobody_reports_anything(client, provider, settings):
    settings.EMAIL_WEBHOOK_SECRETS = []

    assert report(client, Type="HardBounce").status_code == 404
    assert Suppression.objects.count() == 0
