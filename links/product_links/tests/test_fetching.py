"""The reader against hostile servers and names: bounded, pinned, and never on loopback."""

import gzip
import socket
import threading
import time
import zlib

import pytest
from django.conf import settings
from requests.adapters import HTTPAdapter

from links.product_links import connections, fetching
from links.product_links.addresses import Address
from links.product_links.checks import no_host_is_read_on_loopback
from links.product_links.deadline import Deadline
from links.product_links.fetching import FetchError, decode, fetch_page, fetch_robots

from .shops import Page as Answer
from .shops import product, serving
from .test_addresses import FORMS

pytestmark = pytest.mark.once

HOST = "tienda.example"
URL = f"http://{HOST}/p"
PUBLIC = "93.184.215.14"


@pytest.fixture
def shops():
    with serving(HOST, "otra.example") as shops:
        yield shops


@pytest.fixture
def canary():
    """A server on loopback, on the port that is asked for everywhere; it counts whoever connects."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    seen, over = [], threading.Event()

    def listen():
        while not over.is_set():
            try:
                client, _peer = server.accept()
            except TimeoutError:
                continue
            seen.append(1)
            client.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], seen
    over.set()
    thread.join()
    server.close()


def names(monkeypatch, *answers):
    """A resolver that gives these addresses, one after the other; the last for ever."""
    left, asked = list(answers), []

    def resolve(host, port, *arguments, **options):
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if family == socket.AF_INET6 else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", resolve)
    return asked


def connected_to(monkeypatch):
    """Where connections are opened to; none is."""
    seen = []

    def refuse(place, *arguments, **options):
        seen.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    return seen


def fetch(url=URL, **options):
    host = url.partition("://")[2].partition("/")[0]
    return fetch_page(Address(url, host), before_each=lambda _address: None, **options)


def refusal(url=URL):
    with pytest.raises(FetchError) as error:
        fetch(url)
    return error.value


def test_a_page_comes_with_where_it_was_found(shops):
    shops.put(URL, product("Jamón"))

    page = fetch()

    assert page.url == URL
    assert page.content_type == "text/html; charset=utf-8"
    assert "Jamón" in page.text


@pytest.mark.parametrize(("host", "code"), FORMS, ids=[f"form-{number}" for number in range(len(FORMS))])
def test_the_reader_itself_refuses_every_form_that_leads_inside(host, code, canary):
    """Even where nobody looked at the address before: by redirect or by mistake."""
    port, seen = canary

    with pytest.raises((FetchError, ValueError)):
        fetch_page(Address(f"http://{host}:{port}/", host), before_each=lambda _address: None)

    assert seen == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "192.88.99.1", "::1"),
        *("::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::"),
        *("fe80::1", "fd00::1", "fec0::1", "ff02::1"),
    ],
)
def test_a_public_name_that_leads_inside_is_refused(address, monkeypatch):
    seen = connected_to(monkeypatch)
    names(monkeypatch, address)

    error = refusal()

    assert (error.reason, error.is_final) == ("host_not_public", True)
    assert seen == []


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(monkeypatch):
    """A name that is public when it is looked at and loopback a moment later: asked once, pinned."""
    seen = connected_to(monkeypatch)
    asked = names(monkeypatch, PUBLIC, "127.0.0.1")

    error = refusal()

    assert asked == [HOST]
    assert seen == [(PUBLIC, 80)]
    assert error.reason == "unreachable"


def test_without_pinning_the_name_would_have_been_asked_again(monkeypatch):
    """The control: a session of requests alone connects to the name, which is resolved a second time."""
    seen = connected_to(monkeypatch)
    monkeypatch.setattr(connections.PublicHostAdapter, "build_connection_pool_key_attributes", UNPINNED)

    refusal()

    assert seen == [(HOST, 80)]


UNPINNED = HTTPAdapter.build_connection_pool_key_attributes


def test_an_unknown_name(monkeypatch):
    def fail(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", fail)

    error = refusal()

    assert (error.reason, error.is_final) == ("host_unknown", False)


def test_a_name_that_takes_too_long(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", lambda *_a, **_o: over.wait(5))
    monkeypatch.setattr(fetching, "SECONDS", 0.1)

    assert refusal().reason == "too_slow"
    over.set()


@pytest.mark.parametrize(
    "target",
    [
        *(
            "http://127.0.0.1/",
            "http://localhost/",
            "http://[::1]/",
            "//127.0.0.1/x",
            "http://2130706433/",
            "http://0x7f.1/",
        ),
        *("http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "gopher://shop.example/", "javascript:1"),
        *("http://user:word@otra.example/", "http://otra.example:22/", "http://[", "http://１２７.0.0.1/"),
    ],
)
def test_a_redirect_inside_is_refused(shops, canary, target):
    port, seen = canary
    shops.put(URL, Answer("", 302, {"Location": target.replace("127.0.0.1", f"127.0.0.1:{port}")}))

    error = refusal()

    assert (error.reason, error.is_final) == ("address_refused", True)
    assert seen == []
    assert len(shops.asked) == 1


def test_a_redirect_to_a_name_that_leads_inside_is_refused(shops, monkeypatch):
    shops.put(URL, Answer("", 302, {"Location": "http://inside.example/"}))
    names(monkeypatch, "127.0.0.1")

    assert refusal().reason == "host_not_public"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_each_is_announced(shops, status):
    announced = []
    shops.put(URL, Answer("", status, {"Location": "/q?x=1#top"}))
    shops.put(f"http://{HOST}/q?x=1", Answer("", status, {"Location": "http://otra.example/ñ"}))
    shops.put("http://otra.example/%C3%B1", product())

    page = fetch_page(Address(URL, HOST), before_each=announced.append)

    assert [each.host for each in announced] == [HOST, HOST, "otra.example"]
    assert page.url.startswith("http://otra.example/")


@pytest.mark.parametrize("count", [3, 4])
def test_at_most_three_redirects(shops, count):
    for number in range(count):
        url = URL if number == 0 else f"{URL}{number}"
        shops.put(url, Answer("", 302, {"Location": f"/p{number + 1}"}))
    shops.put(f"{URL}{count}", product())

    if count == 3:
        assert fetch().url == f"{URL}3"
    else:
        assert refusal().reason == "too_many_redirects"
        assert len(shops.asked) == 4


def test_cookies_are_neither_kept_nor_sent(shops):
    shops.put(URL, Answer("", 302, {"Location": "/q", "Set-Cookie": "session=1; Path=/"}))
    shops.put(f"http://{HOST}/q", Answer(product(), headers={"Set-Cookie": "a=b"}))

    fetch()
    fetch()

    assert not [asked for asked in shops.asked if "Cookie" in asked.headers]


def test_proxies_and_passwords_of_the_environment_are_not_used(shops, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login me password word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    shops.put(URL, product())

    fetch()

    assert "Authorization" not in shops.asked[0].headers


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        ("text/html", True),
        ("TEXT/HTML; charset=x", True),
        ("application/xhtml+xml", True),
        ("application/pdf", False),
        ("application/json", False),
        ("image/png", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_html_only(shops, kind, is_read):
    shops.put(URL, Answer(product(), headers={"Content-Type": kind}))

    if is_read:
        assert fetch().text
    else:
        error = refusal()
        assert (error.reason, error.is_final) == ("not_html", True)


def test_a_body_past_two_megabytes_is_refused_without_reading_on(shops):
    sent = []

    def endless(handler):
        while len(sent) < 10_000:
            handler.wfile.write(b"x" * 65_536)
            sent.append(1)

    shops.put(URL, Answer(write=endless))

    assert refusal().reason == "too_large"
    assert len(sent) < 1_000


def test_the_body_of_a_redirect_is_not_read(shops):
    """requests alone would unpack all of it into memory to find out where it leads."""
    sent = []

    def endless(handler):
        while len(sent) < 10_000:
            handler.wfile.write(b"x" * 65_536)
            sent.append(1)

    shops.put(URL, Answer("", 302, {"Location": "/q"}, write=endless))
    shops.put(f"http://{HOST}/q", product())

    assert fetch().url == f"http://{HOST}/q"
    assert len(sent) < 1_000


@pytest.mark.parametrize("layers", ["gzip", "gzip, gzip", "br", "deflate"])
def test_a_small_archive_of_very_much_is_refused(shops, layers):
    bomb = gzip.compress(bytes(50_000_000))
    bomb = gzip.compress(bomb) if layers == "gzip, gzip" else bomb
    shops.put(URL, Answer(bomb, headers={"Content-Encoding": layers}))

    assert refusal().reason == ("too_large" if layers in {"gzip", "deflate"} else "bad_encoding")


@pytest.mark.parametrize("packed", [gzip.compress(product().encode()), zlib.compress(product().encode())])
def test_archives_are_unpacked(shops, packed):
    shops.put(URL, Answer(packed, headers={"Content-Encoding": "gzip"}))

    assert fetch().text == product()


def test_a_broken_archive(shops):
    shops.put(URL, Answer(b"not packed at all", headers={"Content-Encoding": "gzip"}))

    assert refusal().reason == "bad_encoding"


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_ends_when_the_time_is_up(monkeypatch, where):
    """Each byte comes in time, the whole does not: the connection is cut, wherever it is."""
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    start = (
        b"HTTP/1.1 200 OK\r\nX-Long: " if where == "headers" else b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    )

    def drip():
        client, _peer = server.accept()
        client.sendall(start)
        try:
            while not over.wait(0.02):
                client.sendall(b"x")
        except OSError:
            pass
        client.close()

    thread = threading.Thread(target=drip)
    thread.start()
    with serving(HOST) as shops:
        settings.LINK_TEST_HOSTS[HOST] = server.getsockname()[1]
        started = time.monotonic()
        error = refusal()

    assert error.reason == "too_slow"
    assert time.monotonic() - started < 5
    assert shops.asked == []
    over.set()
    thread.join()
    server.close()


def test_a_deadline_lets_go_of_what_it_watched():
    one, other = socket.socketpair()
    with Deadline(60) as deadline:
        deadline.watch(one)
    one.sendall(b"x")

    assert other.recv(1) == b"x"
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "not_found"), (410, "not_found"), (403, "not_allowed"), (401, "not_allowed"), (451, "not_allowed"),
     (429, "shop_busy"), (503, "shop_busy"), (500, "shop_error"), (502, "shop_error"), (304, "shop_error"),
     (204, "shop_error")],
)  # fmt: skip
def test_other_answers(shops, status, reason):
    shops.put(URL, Answer("", status))

    assert refusal().reason == reason


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=iso-8859-1", "ñandú".encode("latin-1"), "ñandú"),
        ("text/html", '<meta charset="windows-1252">ñandú €'.encode("cp1252"), '<meta charset="windows-1252">ñandú €'),
        ("text/html", "ñandú".encode(), "ñandú"),
        ("text/html", "\ufeffñandú".encode(), "ñandú"),
        ("text/html; charset=utf-8", "ñandú".encode("cp1252"), "ñandú"),
        ("text/html; charset=no-such", "ñandú".encode(), "ñandú"),
        ("text/html", "日本".encode("utf-16"), "日本"),
        ("text/html", b"a\x00b", "ab"),
    ],
)
def test_charsets(kind, body, text):
    assert decode(kind, body) == text


def test_rules(shops):
    shops.put(f"http://{HOST}/robots.txt", "User-agent: *\nDisallow: /\n")

    assert fetch_robots(HOST, "http").startswith("User-agent")


def test_rules_elsewhere_are_not_a_hosts_own(shops):
    shops.put(f"http://{HOST}/robots.txt", Answer("", 302, {"Location": "http://otra.example/robots.txt"}))

    assert fetch_robots(HOST, "http") == ""


def test_rules_that_are_too_long_are_cut(shops):
    shops.put(f"http://{HOST}/robots.txt", Answer("# " + "x" * 3_000_000))

    assert len(fetch_robots(HOST, "http")) == fetching.MOST_ROBOTS_BYTES


def test_the_seam_for_tests_stops_everything_else(settings):
    settings.LINK_TEST_HOSTS = {}
    assert no_host_is_read_on_loopback() == []

    settings.LINK_TEST_HOSTS = {HOST: 80}
    assert [problem.id for problem in no_host_is_read_on_loopback()] == ["links.E001"]
