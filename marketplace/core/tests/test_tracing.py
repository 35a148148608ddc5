"""One trace from a request through the outbox and Celery to statements and Redis; nothing at all where it is off."""

import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from marketplace.celery import app
from marketplace.core.context import about, current_facts, current_trace_parent, request_id, trace_parent
from marketplace.core.models import OutboxEvent
from marketplace.core.observability import carrying, tracing
from marketplace.core.observability.logs import ContextFilter, hashed
from marketplace.core.observability.spans import FileExporter, Spans, summary_of
from marketplace.core.observability.traced_redis import TracedRedis
from marketplace.core.outbox import tasks
from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from marketplace.core.tests.events import Probed

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORDED, PASSED_ON = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"


@pytest.fixture
def traced():
    """Traces are on and kept in memory; called with a ratio it says how many are recorded."""
    exporter, opened = InMemorySpanExporter(), []

    def begin(ratio=1.0):
        spans = Spans(SimpleSpanProcessor(exporter), ratio=ratio, service="tests")
        opened.append(tracing.use(spans))
        if tracing._statement not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, tracing._statement)
        return exporter.get_finished_spans

    yield begin
    tracing.use(opened[0] if opened else None)
    if tracing._statement in connection.execute_wrappers:
        connection.execute_wrappers.remove(tracing._statement)


def named(spans, name):
    return next(span for span in spans if span.name == name)


def id_of(span):
    return f"{span.context.span_id:016x}"


def ask(client, **headers):
    return client.get("/api/v1/market/products/0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11/", headers=headers)


@pytest.mark.once
def test_without_an_exporter_nothing_of_it_is_loaded():
    # (redis-py looks for the half that measures, and loads it where it is installed.)
    code = "import django, sys; django.setup(); import marketplace.wsgi; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "marketplace.core.observability.tracing" in loaded.stdout
    assert "opentelemetry.sdk.trace" not in loaded.stdout
    assert "opentelemetry.exporter" not in loaded.stdout


@pytest.mark.django_db
def test_where_it_is_off_events_have_no_place_in_a_trace(client):
    ask(client, traceparent=RECORDED)
    with transaction.atomic():
        publish(Probed(number=1))

    assert not tracing.is_on()
    assert OutboxEvent.objects.get().trace_parent == ""


@pytest.mark.django_db
def test_a_request_is_a_span_by_its_route_with_its_statements_below(client, traced):
    finished = traced()

    answer = ask(client)

    request = named(finished(), "GET /api/v1/market/products/<uuid:pk>/")
    assert dict(request.attributes) == {
        "http.request.method": "GET",
        "http.route": "/api/v1/market/products/<uuid:pk>/",
        "http.response.status_code": 404,
        "marketplace.request_id": answer["X-Request-ID"],
    }
    statements = [span for span in finished() if "db.query.text" in span.attributes]
    assert statements
    assert {span.parent.span_id for span in statements} == {request.context.span_id}
    assert "0190b2f0" not in "".join(span.to_json() for span in finished())


@pytest.mark.django_db
@pytest.mark.usefixtures("own_handlers")
def test_handlers_and_what_they_cause_are_of_the_requests_trace(traced):
    finished, seen = traced(), []

    @handles(Probed)
    def pass_on(event):
        seen.append(current_trace_parent())
        if event.number == 1:
            publish(Probed(number=2))

    with tracing.span("the request", parent=RECORDED), transaction.atomic():
        publish(Probed(number=1))
    drain()

    request = named(finished(), "the request")
    first, second = (span for span in finished() if span.name.endswith(".pass_on"))
    assert {f"{span.context.trace_id:032x}" for span in (request, first, second)} == {TRACE}
    assert [f"{span.parent.span_id:016x}" for span in (request, first, second)] == [
        CALLER,
        id_of(request),
        id_of(first),
    ]
    assert seen == [f"00-{TRACE}-{id_of(span)}-01" for span in (first, second)]
    assert OutboxEvent.objects.order_by("pk")[0].trace_parent == f"00-{TRACE}-{id_of(request)}-01"


@pytest.mark.django_db
@pytest.mark.usefixtures("own_handlers")
def test_what_is_not_recorded_is_passed_on_all_the_same(traced):
    finished = traced(ratio=0)

    with tracing.span("the request"), transaction.atomic():
        publish(Probed(number=1))
    drain()

    assert not finished()
    assert not int(OutboxEvent.objects.get().trace_parent[-2:], 16) & 0x01


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("believed", "ratio", "given", "is_recorded"),
    [(False, 0, RECORDED, False), (False, 1, PASSED_ON, True), (True, 0, RECORDED, True), (True, 1, PASSED_ON, False)],
)
def test_a_caller_joins_us_to_his_trace_but_does_not_say_what_is_recorded(
    client, traced, settings, believed, ratio, given, is_recorded
):
    settings.TRACES_BELIEVE_CALLERS, settings.TRACES_RATIO = believed, ratio
    finished = traced(ratio)

    ask(client, traceparent=given)

    assert bool(finished()) is is_recorded
    assert {f"{span.context.trace_id:032x}" for span in finished()} <= {TRACE}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "x", f"00-{'0' * 32}-{CALLER}-01", f"ff-{TRACE}-{CALLER}-01", f"{RECORDED}-more"]
)
def test_what_is_no_traceparent_begins_a_trace_of_our_own(client, traced, given):
    finished = traced()

    ask(client, traceparent=given)

    assert named(finished(), "GET /api/v1/market/products/<uuid:pk>/").parent is None


@pytest.mark.django_db
def test_errors_and_parameters_stay_out(traced):
    finished = traced()
    people = get_user_model().objects
    people.create_user("ana@example.com", "pass-word-1")

    with (
        pytest.raises(IntegrityError),
        tracing.span("twice"),
        transaction.atomic(),
    ):
        people.create_user("ana@example.com", "pass-word-1")

    failed = named(finished(), "twice")
    assert failed.attributes["error.type"] == "IntegrityError"
    assert (failed.status.description, list(failed.events)) == (None, [])
    written = named(finished(), "INSERT users_user")
    assert "%s" in written.attributes["db.query.text"]
    assert "ana@" not in "".join(span.to_json() for span in finished())


@pytest.fixture
def probe():
    def run(promo_id):
        seen = logging.makeLogRecord({})
        ContextFilter().filter(seen)
        if promo_id == "fails":
            raise LookupError
        return {**seen.__dict__, "parent": current_trace_parent()}

    yield app.task(name="test.traced")(run)
    app.tasks.unregister("test.traced")


def test_a_message_carries_request_and_trace_and_its_task_belongs_to_them(traced, probe):
    finished, headers = traced(), {}
    with request_id("req-12345678"), trace_parent(RECORDED):
        carrying._send(headers=headers)
    assert headers == {"request_id": "req-12345678", "traceparent": RECORDED}

    probe.push_request(**headers)
    carrying._begin(task=probe, args=("p-1",))
    seen = probe.run("p-1")
    carrying._end(task=probe, state="SUCCESS")
    probe.pop_request()

    span = named(finished(), "task test.traced")
    assert f"{span.context.trace_id:032x}-{span.parent.span_id:016x}" == f"{TRACE}-{CALLER}"
    assert {name: seen[name] for name in ("request_id", "trace_id", "task", "promotion", "parent")} == {
        "request_id": "req-12345678",
        "trace_id": TRACE,
        "task": "test.traced",
        "promotion": "p-1",
        "parent": f"00-{TRACE}-{id_of(span)}-01",
    }
    assert current_trace_parent() == ""


def test_a_task_that_fails_is_marked_and_leaves_nothing_behind(traced, probe):
    finished = traced()

    outcome = probe.apply(args=("fails",))

    assert outcome.failed()
    assert named(finished(), "task test.traced").attributes["error.type"] == "failure"
    assert current_trace_parent() == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("own_handlers")
def test_the_relay_sends_each_delivery_under_its_request(monkeypatch):
    sent = []

    @handles(Probed)
    def hear(event):
        pass

    def apply_async(**_options):
        sent.append(headers := {})
        carrying._send(headers=headers)

    monkeypatch.setattr(tasks, "deliver", SimpleNamespace(apply_async=apply_async))
    with request_id("req-12345678"), trace_parent(RECORDED), transaction.atomic():
        publish(Probed(number=1))

    tasks.sweep_outbox()

    assert sent == [{"request_id": "req-12345678", "traceparent": RECORDED}]


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis")
def test_redis_is_a_span_by_its_command_without_keys_and_values(traced):
    finished = traced()
    key = f"{settings.CACHES['default']['KEY_PREFIX']}:traced"
    with TracedRedis.from_url(settings.REDIS_URL) as server:
        server.set(key, "unseen", ex=5)
        assert not finished()
        with tracing.span("the request"):
            server.get(key)
            server.pipeline().get(key).delete(key).execute()

    assert [span.name for span in finished()] == ["GET", "PIPELINE", "the request"]
    assert key not in "".join(span.to_json() for span in finished())


def test_the_file_has_a_line_a_span(traced, tmp_path):
    spans = Spans(SimpleSpanProcessor(FileExporter(tmp_path / "new" / "spans")), ratio=1, service="tests")

    for name in ("one", "two"):
        with spans.span(name, tracing.INTERNAL, "", {}):
            pass
    spans.close()

    lines = (tmp_path / "new" / "spans").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["one", "two"]


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ('SELECT "a"."b" FROM "stores_product" WHERE x', "SELECT stores_product"),
        ('INSERT INTO "core_outboxevent" ("a") VALUES (%s)', "INSERT core_outboxevent"),
        ('UPDATE "a_b" SET "c" = %s', "UPDATE a_b"),
        ("NOTIFY outbox", "NOTIFY"),
        ("", "statement"),
    ],
)
def test_a_statement_is_called_by_its_verb_and_first_table(sql, summary):
    assert summary_of(sql) == summary


@pytest.mark.django_db
def test_what_a_request_publishes_is_what_it_was_about_but_not_who_asked(monkeypatch):
    monkeypatch.setattr(Probed, "payload", lambda _self: {"order_id": "o-1", "customer_id": "c-1", "number": 1})

    with about(user="staff", order=""):
        with transaction.atomic():
            publish(Probed(number=1))
        facts = dict(current_facts())

    assert facts == {"user": "staff", "order": "o-1"}


def test_people_are_hashed_on_every_line_and_what_the_call_said_stands():
    record = logging.makeLogRecord({"product": "said"})

    with about(user="0190b2f0", product="known", promotion=lambda: "asked", order=""):
        ContextFilter().filter(record)

    written = record.__dict__
    assert (written["user"], written["product"], written["promotion"]) == (hashed("0190b2f0"), "said", "asked")
    assert not {"order", "trace_id"} & written.keys()
