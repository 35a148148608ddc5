"""What the outside queue gives: each body is read alone."""

import json
import logging
from types import SimpleNamespace

import pytest

from notifications.delivery import outside

GOOD = {"channel": "push", "message": 7, "customer": "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e", "delivery": 3}
BAD = [
    "{",
    "[]",
    "5",
    json.dumps(GOOD | {"customer": 5}),
    json.dumps(GOOD | {"customer": "me"}),
    json.dumps(GOOD | {"channel": ["push"]}),
    json.dumps(GOOD | {"channel": "pigeon"}),
    json.dumps(GOOD | {"message": float("inf")}),
    json.dumps({key: GOOD[key] for key in ("channel", "message", "customer")}),
]


@pytest.mark.parametrize("body", BAD)
def test_body_that_does_not_read_keeps_nobody_else_waiting(monkeypatch, caplog, body):
    bodies = [json.dumps(GOOD), body, json.dumps(GOOD | {"message": 8})]
    messages = [
        {"MessageId": f"m{place}", "ReceiptHandle": f"r{place}", "Body": each} for place, each in enumerate(bodies)
    ]
    monkeypatch.setattr(outside, "sqs", lambda: SimpleNamespace(receive_message=lambda **_: {"Messages": messages}))

    with caplog.at_level(logging.WARNING, logger=outside.__name__):
        entries = outside.receive(wait_seconds=0)

    assert [(entry.receipt, entry.message_id) for entry in entries] == [("r0", 7), ("r2", 8)]
    assert [record.sqs_message for record in caplog.records] == ["m1"]
