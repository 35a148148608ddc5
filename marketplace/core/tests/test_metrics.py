"""Who may read `/metrics`, and what a gauge that fails does to the others."""

import pytest

from marketplace.core.observability import metrics
from marketplace.core.observability.metrics import Gauge, register


@pytest.fixture(autouse=True)
def _own_gauges(monkeypatch):
    monkeypatch.setattr(metrics, "_GAUGES", {})


def test_gauges_are_read_when_asked_for(client):
    values: dict[tuple[str, ...], float] = {("MXN",): 1.0}
    register(Gauge("marketplace_test", "a test", lambda: values, ("currency",)))

    first = client.get("/metrics")
    values[("MXN",)] = 2.0
    second = client.get("/metrics")

    assert first.headers["Content-Type"].startswith("text/plain")
    assert 'marketplace_test{currency="MXN"} 1.0' in first.content.decode()
    assert 'marketplace_test{currency="MXN"} 2.0' in second.content.decode()
    assert "marketplace_unreadable_gauges 0.0" in second.content.decode()


def test_a_gauge_that_fails_does_not_hide_the_others(client):
    register(Gauge("marketplace_broken", "fails", lambda: {(): 1 / 0}))
    register(Gauge("marketplace_fine", "works", lambda: {(): 3}))

    answer = client.get("/metrics")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "marketplace_fine 3.0" in text
    assert "marketplace_broken" not in text
    assert "marketplace_unreadable_gauges 1.0" in text


@pytest.mark.parametrize("label", ["user", "customer", "product", "order_id"])
def test_nobody_is_a_label(label):
    with pytest.raises(ValueError, match="may be labels"):
        register(Gauge("marketplace_test", "a test", dict, (label,)))

    assert metrics._GAUGES == {}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_without_a_token_this_machine_may_read(client, address):
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "2001:db8::1", "", "unix:"])
def test_without_a_token_nobody_else_may(client, address):
    answer = client.get("/metrics", REMOTE_ADDR=address)

    assert answer.status_code == 403
    assert b"marketplace_unreadable_gauges" not in answer.content


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_who_came_through_a_proxy_is_not_this_machine(client, header):
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer s3cret", 200), ("Bearer s3cre", 403), ("Basic s3cret", 403), ("Bearer ", 403), ("", 403)],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.9"])
def test_with_a_token_only_the_token_counts(client, settings, header, status, address):
    settings.METRICS_TOKEN = "s3cret"

    answer = client.get("/metrics", headers={"Authorization": header}, REMOTE_ADDR=address)

    assert answer.status_code == status


def test_metrics_are_only_read(client):
    assert client.post("/metrics").status_code == 405
