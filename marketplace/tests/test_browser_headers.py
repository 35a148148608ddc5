"""What browsers are told about pages and answers, and what a page of another site may read."""

from typing import Any

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client, RequestFactory

from marketplace.core.http.browser import BrowserPolicyMiddleware

pytestmark = pytest.mark.once
FRIEND, STRANGER = "https://app.shop.example", "https://evil.example"
NOTHING = "default-src 'none'; frame-ancestors 'none'"


def policy(response) -> dict[str, list[str]]:
    """The directives of an answer's policy, with their sources."""
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.fixture
def pages(db) -> dict[str, Any]:
    """One page of each kind, as a stranger gets it."""
    client = Client()
    paths = ("/", "/login/", "/api/v1/users/verify-email/", "/admin/login/", "/docs/", "/redoc/")
    return {path: client.get(path) for path in paths}


def test_pages_load_from_this_site_alone_and_are_framed_by_nobody(pages):
    for path, response in pages.items():
        directives = policy(response)
        assert response.status_code == 200, path
        assert directives["default-src"] == ["'none'"], path
        assert directives["connect-src"] == directives["form-action"] == ["'self'"], path
        assert directives["base-uri"] == directives["frame-ancestors"] == ["'none'"], path
        assert not [source for sources in directives.values() for source in sources if "*" in source or ":/" in source]


def test_no_page_runs_scripts_of_its_own_text(pages):
    for path, response in pages.items():
        assert set(policy(response)["script-src"]) <= {"'self'", "'unsafe-eval'"}, path
        # Nothing would run them, so there are none.
        assert b"<script>" not in response.content, path
        assert b" onclick=" not in response.content, path


def test_only_the_back_office_evaluates_text_and_only_tools_bring_inline_styles(pages):
    evaluate = {path for path, response in pages.items() if "'unsafe-eval'" in policy(response)["script-src"]}
    style = {path for path, response in pages.items() if "'unsafe-inline'" in policy(response)["style-src"]}

    assert evaluate == {"/admin/login/"}
    assert style == {"/admin/login/", "/docs/", "/redoc/"}


def test_every_page_carries_the_other_headers_too(pages):
    for path, response in pages.items():
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        assert response.headers["X-Frame-Options"] == "DENY", path
        assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, path
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "camera=()" in response.headers["Permissions-Policy"], path
        assert "geolocation=(self)" in response.headers["Permissions-Policy"], path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/api/v1/users/me/", 401), ("/api/v1/market/products/", 200), ("/nothing/", 404)],
)
def test_answers_that_are_no_pages_load_and_run_nothing(client, path, status):
    response = client.get(path)

    assert (response.status_code, response.headers["Content-Security-Policy"]) == (status, NOTHING)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_what_a_view_says_itself_stays():
    own = "default-src 'none'; sandbox"
    answer = HttpResponse(content_type="image/webp", headers={"Content-Security-Policy": own})
    middleware: Any = BrowserPolicyMiddleware(lambda _request: answer)

    assert middleware(RequestFactory().get("/media/x.webp")).headers["Content-Security-Policy"] == own


def test_the_map_pictures_host_is_added_where_there_is_one(settings):
    directives = {**configured.CONTENT_SECURITY_POLICY["DIRECTIVES"], "img-src": ["'self'", "https://tiles.example"]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    middleware: Any = BrowserPolicyMiddleware(lambda _request: HttpResponse("<p>"))

    assert policy(middleware(RequestFactory().get("/")))["img-src"] == ["'self'", "https://tiles.example"]


def across(client: Client, path: str, origin: str, *, preflight: bool = False) -> Any:
    """The request that a browser sends for a page of `origin`."""
    if preflight:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        return client.options(path, headers={"origin": origin, **asked})
    return client.get(path, headers={"origin": origin})


@pytest.fixture
def listed(settings):
    """One other site may read the API."""
    settings.CORS_ALLOWED_ORIGINS = [FRIEND]


@pytest.mark.django_db
@pytest.mark.parametrize("preflight", [False, True])
@pytest.mark.parametrize("origin", [STRANGER, "null", FRIEND.replace("https", "http"), FRIEND + ".evil.example"])
def test_a_foreign_origin_gets_nothing(client, listed, origin, preflight):
    response = across(client, "/api/v1/market/products/", origin, preflight=preflight)

    assert [name for name in response.headers if name.startswith("Access-Control-")] == []


@pytest.mark.django_db
@pytest.mark.parametrize("preflight", [False, True])
def test_a_listed_origin_reads_but_never_with_cookies(client, listed, preflight):
    response = across(client, "/api/v1/market/products/", FRIEND, preflight=preflight)

    assert response.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "origin" in response.headers["Vary"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/", "/docs/", "/healthz"])
def test_a_listed_origin_reads_the_api_alone(client, listed, path):
    response = across(client, path, FRIEND)

    assert [name for name in response.headers if name.startswith("Access-Control-")] == []


def test_nobody_is_listed_unless_the_operator_says_so():
    assert configured.CORS_ALLOWED_ORIGINS == []
    assert configured.CORS_ALLOW_CREDENTIALS is False
    assert not getattr(configured, "CORS_ALLOW_ALL_ORIGINS", False)
    assert not getattr(configured, "CORS_ALLOWED_ORIGIN_REGEXES", [])
