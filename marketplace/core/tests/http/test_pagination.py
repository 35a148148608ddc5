"""Cursors over ties, forwards and back; bounded pages; hostile positions."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import chain
from uuid import uuid4

import pytest

from marketplace.core.models import OutboxEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("probe_api")]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def make(count, per_moment=1):
    return OutboxEvent.objects.bulk_create(
        OutboxEvent(
            event_id=uuid4(),
            wire_name=f"probe.{number % 3}",
            payload={},
            created_at=NOON + timedelta(seconds=number // per_moment),
        )
        for number in range(count)
    )


def walk(api, url, link="next"):
    pages = []
    while url:
        answer = api.get(url).json()
        pages.append([row["id"] for row in answer["results"]])
        url = answer[link]
        last = answer
    return pages, last


@pytest.mark.parametrize("per_moment", [1, 3, 10, 40])
def test_forwards_and_back_every_row_comes_once_in_order_also_over_ties(api, per_moment):
    rows = make(40, per_moment)
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)]

    forwards, last = walk(api, "/api/v1/rows/?page_size=7")
    backwards, first = walk(api, last["previous"], "previous")

    assert list(chain.from_iterable(forwards)) == expected
    assert list(chain.from_iterable(reversed(backwards))) == expected[:35]
    assert first["previous"] is None
    assert first["next"] is not None
    assert [len(page) for page in forwards] == [7, 7, 7, 7, 7, 5]


def test_by_id_ascending(api):
    rows = make(10)

    pages, last = walk(api, "/api/v1/rows-by-id/?page_size=4")
    back, _first = walk(api, last["previous"], "previous")

    assert list(chain.from_iterable(pages)) == [row.pk for row in rows]
    assert list(chain.from_iterable(reversed(back))) == [row.pk for row in rows][:8]


def test_rows_that_come_and_go_meanwhile_neither_repeat_nor_hide_the_others(api):
    rows = make(9)
    first = api.get("/api/v1/rows/?page_size=3").json()
    make(2)
    OutboxEvent.objects.filter(pk=first["results"][-1]["id"]).delete()

    second = api.get(first["next"]).json()

    assert [row["id"] for row in second["results"]] == [rows[5].pk, rows[4].pk, rows[3].pk]


def test_an_empty_list_has_no_neighbours(api):
    assert api.get("/api/v1/rows/").json() == {"next": None, "previous": None, "results": []}
    assert api.get("/api/v1/rows-by-name/").json() == {"next": None, "previous": None, "results": []}


def test_links_keep_the_other_parameters(api):
    make(3)

    following = api.get("/api/v1/rows/?page_size=1&fields=id").json()["next"]

    assert "fields=id" in following
    assert "page_size=1" in following
    assert set(api.get(following).json()["results"][0]) == {"id"}


def test_a_page_is_one_query(api, django_assert_num_queries):
    make(30)
    following = api.get("/api/v1/rows/?page_size=10").json()["next"]

    with django_assert_num_queries(1):
        api.get(following)


@pytest.mark.parametrize("size", ["0", "-1", "101", "x", "", "1.5", "１", "9" * 50, "1_0", "%00", "%ff"])
@pytest.mark.parametrize("url", ["/api/v1/rows/", "/api/v1/rows-by-name/"])
def test_a_page_size_that_is_none_is_400(api, url, size):
    refused = api.get(f"{url}?page_size={size}")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "page_size"


def packed(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


HOSTILE = [
    "",
    "x",
    "%00",
    "ñ",
    "%ff%fe",
    "====",
    "A" * 5_000,
    packed(b"\xff\xfe"),
    packed([]),
    packed([0]),
    packed([0, 1, 2]),
    packed({"a": 1}),
    packed([0, "not a moment", "1"]),
    packed([0, "2026-01-31 12:00:00", "1"]),
    packed([0, "2026-01-31", "1"]),
    packed([0, "0001-01-01 00:00:00+14:00", "1"]),
    packed([0, "9999-12-31 23:59:59-14:00", "1"]),
    packed([0, "2026-01-31 12:00:00+00:00", "x"]),
    packed([0, "2026-01-31 12:00:00+00:00", "9" * 30]),
    packed([0, "2026-01-31 12:00:00+00:00", "9" * 4_999]),
    packed([0, "2026-01-31 12:00:00+00:00", "1.5"]),
    packed([0, "2026-01-31 12:00:00+00:00", "\x00"]),
    packed([0, "\ud800", "1"]),
    packed([0, "2026-01-31 12:00:00+00:00", "\udfff"]),
    packed([0, None, None]),
    packed([0, ["a"], {"b": 1}]),
    packed(b"[" * 3_000),
    packed(b"[0, " + b"9" * 4_999 + b', "1"]'),
    packed(b'[NaN, "1", "1", "1"]'),
]


@pytest.mark.parametrize("cursor", HOSTILE)
@pytest.mark.parametrize("url", ["/api/v1/rows/", "/api/v1/rows-by-id/"])
def test_a_cursor_this_list_did_not_hand_out_is_400(api, url, cursor):
    make(2)

    refused = api.get(f"{url}?cursor={cursor}")

    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"field": "cursor", "code": "invalid_cursor", "detail": refused.json()["errors"][0]["detail"]}
    ]


def test_pages_go_forwards_and_back_and_end_at_a_hundred(api):
    rows = make(7)
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.wire_name, row.pk))]

    pages, last = walk(api, "/api/v1/rows-by-name/?page_size=3")
    back, first = walk(api, last["previous"], "previous")

    assert list(chain.from_iterable(pages)) == expected
    assert list(chain.from_iterable(reversed(back))) == expected[:6]
    assert first["previous"] is None
    assert api.get("/api/v1/rows-by-name/?page=100").json()["results"] == []
    assert api.get("/api/v1/rows-by-name/?page=101").status_code == 400
    assert api.get("/api/v1/rows-by-name/?page=0").status_code == 400


def test_the_hundredth_page_has_no_next(api):
    make(102)

    answer = api.get("/api/v1/rows-by-name/?page=100&page_size=1").json()

    assert len(answer["results"]) == 1
    assert answer["next"] is None
