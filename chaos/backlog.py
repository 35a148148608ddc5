"""A town of customers, and the notifications that wait for them as the product leaves them in its tables.

Import only within a stage: Django has to be set up. People are written set-wise, so that a million take seconds; they
are told by the product's own statement, or each by a fact of their own with the rows that `tell_each` writes.
"""

from typing import Any, Final

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from marketplace.core.outbox.handlers import handlers_of
from notifications.audiences.services import begin_fan_out, go_on
from notifications.delivery.models import Delivery
from notifications.devices.models import Device
from notifications.events import InboxFilled
from notifications.inbox.services import write_message
from notifications.kinds.channels import Channel
from notifications.kinds.table import ANNOUNCEMENT, BROADCAST
from users.contracts import Audience

CHANNELS: Final = (Channel.EMAIL.value, Channel.PUSH.value)
# Keys rise with time, as UUIDv7 do. Addresses are proven; three in four have a device; every other reads Spanish.
PEOPLE: Final = """
    CREATE TABLE chaos_person AS
    SELECT n,
           (lpad(to_hex(1700000000000 + n * 100), 12, '0') || '7' || substr(md5(%(seed)s || n::text), 1, 3) || '8'
               || substr(md5(%(seed)s || n::text), 4, 15))::uuid AS customer,
           get_byte(decode(md5(%(seed)s || n::text), 'hex'), 12) < 192 AS has_device
    FROM generate_series(1, %(count)s) AS n;
    INSERT INTO users_user (id, created_at, updated_at, email, name, password, is_active, is_staff, is_superuser,
                            email_verified_at, token_version)
    SELECT customer, now(), now(), 'person' || n || '@example.com', 'Person ' || n, '!', true, false, false, now(), 1
    FROM chaos_person ORDER BY n;
    INSERT INTO users_customerprofile (id, created_at, updated_at, user_id, language, time_zone, tier,
                                       successful_orders_count)
    SELECT gen_random_uuid(), now(), now(), customer, CASE WHEN n %% 2 = 0 THEN 'es' ELSE 'en' END,
           'America/Mexico_City', 'bronze', 0
    FROM chaos_person ORDER BY n;
    INSERT INTO users_customerplace (segment, customer)
    SELECT '00000000-0000-0000-0000-000000000000', customer FROM chaos_person ORDER BY n;
    INSERT INTO notifications_device (id, created_at, updated_at, customer, platform, token, token_hash, name, endpoint,
                                      disabled_reason)
    SELECT gen_random_uuid(), now(), now(), customer, 'fcm', md5(n::text), md5(n::text) || md5('device' || n), '',
           'file:fcm/' || n, ''
    FROM chaos_person WHERE has_device ORDER BY n
"""
# A message, its row in the inbox and its fact, for every person one of their own.
FACTS: Final = """
    INSERT INTO notifications_message (kind, params, dedupe_key, recipient, created_at)
    SELECT %(kind)s, '{"title": "News", "body": "For one person."}', %(kind)s || ':chaos:' || n, customer, now()
    FROM chaos_person ORDER BY n;
    INSERT INTO notifications_inboxitem (customer, message_id, created_at)
    SELECT recipient, id, created_at FROM notifications_message WHERE recipient IN (SELECT customer FROM chaos_person);
    INSERT INTO core_outboxevent (event_id, wire_name, payload, request_id, created_at)
    SELECT gen_random_uuid(), %(wire_name)s,
           jsonb_build_object('message_id', id, 'from_customer', recipient, 'to_customer', recipient,
                              'channels', %(channels)s::text[]),
           '', now()
    FROM notifications_message WHERE recipient IN (SELECT customer FROM chaos_person) ORDER BY id
"""


def settle(count: int, seed: int) -> None:
    """So many customers; the seed draws their keys and who of them has a device."""
    _run(PEOPLE, count=count, seed=str(seed))
    _run("VACUUM ANALYZE users_user; VACUUM ANALYZE users_customerprofile; VACUUM ANALYZE users_customerplace")
    _run("VACUUM ANALYZE notifications_device; ANALYZE chaos_person; CHECKPOINT")


def tell_audience() -> int:
    """Everybody at once, by e-mail and push, as a broadcast to all; how many messages that is."""
    at = timezone.now()
    words = {"title_en": "News", "body_en": "For everybody.", "title_es": "Noticias", "body_es": "Para todos."}
    message = write_message(kind=BROADCAST, params=words, dedupe_key=f"{BROADCAST}:chaos", at=at)
    people = go_on(begin_fan_out(message=message, audience=Audience(), at=at, channels=CHANNELS), at=at)
    return people + Device.objects.count()


def tell_each() -> int:
    """Everybody something of their own, by e-mail and push; how many messages that is."""
    assert handlers_of(InboxFilled.wire_name), "somebody listens"
    _run(FACTS, kind=ANNOUNCEMENT, wire_name=InboxFilled.wire_name, channels=list(CHANNELS))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), COUNT(*) FILTER (WHERE has_device) FROM chaos_person")
        people, devices = cursor.fetchone()
    return int(people) + int(devices)


def sent() -> int:
    """How many messages have gone out of the house so far."""
    return int(Delivery.objects.aggregate(sent=Sum("sent_count"))["sent"] or 0)


def _run(statements: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in statements.split(";"):
            cursor.execute(statement, values or None)
        cursor.execute("RESET statement_timeout")
