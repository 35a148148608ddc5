"""UUIDv7: sortable, unique, in order also between threads."""

import time
from concurrent.futures import ThreadPoolExecutor

from marketplace.core.ids import uuid7


def test_it_is_a_version_7_uuid_of_this_millisecond(monkeypatch):
    # Another test of this process may have travelled ahead and made ids there.
    monkeypatch.setattr("marketplace.core.ids._last", 0)
    before = time.time_ns() // 1_000_000

    made = uuid7()

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_each_is_greater_than_the_one_before():
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(made)
    assert sorted(map(str, made)) == [str(one) for one in made]
    assert len(set(made)) == len(made)


def test_order_survives_a_clock_that_stands_still_or_goes_back(monkeypatch):
    first = uuid7()
    monkeypatch.setattr("marketplace.core.ids.time.time_ns", lambda: 1_000_000_000)

    later = [uuid7() for _ in range(10_000)]

    assert first < later[0]
    assert later == sorted(later)
    assert all(one.version == 7 for one in later)


def test_threads_never_make_the_same_and_each_sees_its_own_in_order():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [uuid7() for _ in range(2_000)], range(8)))

    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 16_000
