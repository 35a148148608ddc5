"""What is counted of requests and tasks, and under which labels."""

from pathlib import Path

import pytest
from celery.exceptions import Ignore
from django.http import HttpResponse
from django.test import RequestFactory

from marketplace.celery import app
from marketplace.core.observability import counting, middleware
from marketplace.core.observability.counting import Counter, Histogram
from marketplace.core.tasks import tick_of_beat


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, settings):
    settings.METRICS_FOLDER = str(tmp_path)
    counting.tallies.cache_clear()
    yield
    counting.tallies.cache_clear()


@pytest.fixture
def _own_families(monkeypatch):
    monkeypatch.setattr(counting, "_FAMILIES", {})


def counted(client, name):
    lines = client.get("/metrics").content.decode().splitlines()
    return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in lines if line.startswith(name))}


@pytest.fixture
def probe():
    def run(how):
        if how == "fails":
            raise LookupError
        if how == "ignored":
            raise Ignore

    yield app.task(name="test.probe")(run)
    app.tasks.unregister("test.probe")


@pytest.mark.django_db
def test_a_request_is_counted_by_its_template(client):
    path = "/api/v1/market/products/0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11/"
    client.get(path)
    client.get(path)
    client.post(path)
    client.get("/nowhere/0190b2f0/")
    client.get("/healthz")

    template = "/api/v1/market/products/<uuid:pk>/"
    assert counted(client, "marketplace_requests_total") == {
        f'marketplace_requests_total{{method="GET",route="{template}",status="4xx"}}': 2.0,
        f'marketplace_requests_total{{method="POST",route="{template}",status="4xx"}}': 1.0,
        'marketplace_requests_total{method="GET",route="none",status="4xx"}': 1.0,
    }
    assert counted(client, "marketplace_request_seconds_count") == {
        f'marketplace_request_seconds_count{{route="{template}"}}': 3.0,
        'marketplace_request_seconds_count{route="none"}': 1.0,
    }


def test_a_method_that_somebody_thought_up_is_no_series(client):
    request = RequestFactory().generic("MADE-UP", "/anywhere")
    request.resolver_match = None

    middleware.count(request, HttpResponse(status=503), 0.1)

    assert counted(client, "marketplace_requests_total") == {
        'marketplace_requests_total{method="other",route="none",status="5xx"}': 1.0
    }


@pytest.mark.usefixtures("_own_families")
def test_buckets_hold_what_the_smaller_ones_hold(client):
    waits = Histogram("marketplace_waits", "a test", ("queue",), bounds=(1.0, 2.0))

    for seconds in (0.5, 1.0, 1.5, 7.0):
        waits.add(seconds, "notify")

    assert counted(client, "marketplace_waits") == {
        'marketplace_waits_bucket{le="1.0",queue="notify"}': 2.0,
        'marketplace_waits_bucket{le="2.0",queue="notify"}': 3.0,
        'marketplace_waits_bucket{le="+Inf",queue="notify"}': 4.0,
        'marketplace_waits_count{queue="notify"}': 4.0,
        'marketplace_waits_sum{queue="notify"}': 10.0,
    }


@pytest.mark.usefixtures("_own_families")
def test_series_of_an_earlier_version_are_left_out(client):
    Counter("marketplace_tries_total", "as it was", ("kind",)).add("old")
    Counter("marketplace_gone_total", "as it was").add()
    del counting._FAMILIES["marketplace_gone_total"]

    now = Counter("marketplace_tries_total", "as it is", ("kind", "outcome"))
    now.add("new", "success", amount=2)

    assert counted(client, "marketplace_tries") == {'marketplace_tries_total{kind="new",outcome="success"}': 2.0}
    assert counted(client, "marketplace_gone") == {}


@pytest.mark.parametrize("kind", [Counter, Histogram])
@pytest.mark.parametrize("label", ["customer", "product", "path"])
@pytest.mark.usefixtures("_own_families")
def test_nobody_is_a_label(kind, label):
    with pytest.raises(ValueError, match="may be labels"):
        kind("marketplace_test", "a test", (label,))

    assert counting._FAMILIES == {}


@pytest.mark.usefixtures("_own_families")
def test_where_nothing_shall_be_counted_nothing_is(client, settings):
    settings.METRICS_COUNTING = False

    Counter("marketplace_tries_total", "a test").add()
    Histogram("marketplace_waits", "a test").add(1.0)

    assert list(Path(settings.METRICS_FOLDER).iterdir()) == []


@pytest.mark.django_db
def test_tasks_are_counted_by_name_and_outcome(client, probe):
    tick_of_beat.apply()
    for how in ("works", "works", "fails", "ignored"):
        probe.apply(args=[how])

    assert counted(client, "marketplace_task_seconds_count") == {
        'marketplace_task_seconds_count{outcome="success",task="core.tick"}': 1.0,
        'marketplace_task_seconds_count{outcome="failure",task="test.probe"}': 1.0,
        'marketplace_task_seconds_count{outcome="ignored",task="test.probe"}': 1.0,
        'marketplace_task_seconds_count{outcome="success",task="test.probe"}': 2.0,
    }
