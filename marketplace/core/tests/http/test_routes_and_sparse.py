"""Paths with and without the slash; `?fields=`; version tags."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from marketplace.core.errors import StaleError
from marketplace.core.http.etags import expected_version
from marketplace.core.http.sparse import sparse
from marketplace.core.models import OutboxEvent

pytestmark = pytest.mark.usefixtures("probe_api")


def asking(path="/", **headers):
    return Request(APIRequestFactory().get(path, headers=headers))


def test_paths_answer_without_their_slash_post_included(api):
    assert api.get("/api/v1/echo").json() == {"ok": True}
    assert api.post("/api/v1/echo", {"text": "a"}, format="json").json() == {"text": "a"}
    assert api.get("/api/v1/nowhere").status_code == 404


@pytest.mark.django_db
def test_links_of_a_list_asked_without_slash_work(api):
    OutboxEvent.objects.bulk_create(
        OutboxEvent(event_id=uuid4(), wire_name="a.b", payload={}, created_at=datetime.now(UTC)) for _ in range(3)
    )

    following = api.get("/api/v1/rows?page_size=2").json()["next"]

    assert len(api.get(following).json()["results"]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "members"),
    [("id", {"id"}), ("id,wire_name", {"id", "wire_name"}), (" id , ,", {"id"}), ("nope", set()), ("id,nope", {"id"})],
)
def test_fields_cut_lists_and_details(api, fields, members):
    row = OutboxEvent.objects.create(event_id=uuid4(), wire_name="a.b", payload={}, created_at=datetime.now(UTC))

    page = api.get("/api/v1/rows/", {"fields": fields}).json()
    assert set(page) == {"next", "previous", "results"}
    assert set(page["results"][0]) == members
    assert set(api.get(f"/api/v1/rows/{row.pk}/", {"fields": fields}).json()) == members


@pytest.mark.parametrize("fields", ["", ",", "  "])
def test_no_fields_asked_for_means_all(fields):
    assert sparse(asking(f"/?fields={fields}"), {"a": 1}) == {"a": 1}


def test_what_is_no_object_stays_as_it_is():
    assert sparse(asking("/?fields=a"), [{"a": 1, "b": 2}, "text", 3, None]) == [{"a": 1}, "text", 3, None]
    assert sparse(asking("/?fields=results"), {"results": 5, "b": 1}) == {"results": 5}


@pytest.mark.parametrize(
    ("tag", "version"), [('"7"', 7), ('W/"7"', 7), (' W/"7" ', 7), ("*", None), ("", None), ('"2147483647"', None)]
)
def test_if_match_is_a_version_also_a_weak_one(tag, version):
    headers = {"If-Match": tag} if tag else {}
    if tag == '"2147483647"':
        with pytest.raises(StaleError):
            expected_version(asking(**headers))
    else:
        assert expected_version(asking(**headers)) == version


@pytest.mark.parametrize("tag", ['"x"', '"-1"', '"1.0"', '"１"', "W/", '""', '"1", "2"', '"' + "9" * 5_000 + '"'])
def test_any_other_tag_is_stale(tag):
    with pytest.raises(StaleError):
        expected_version(asking(**{"If-Match": tag.encode().decode("latin-1")}))
