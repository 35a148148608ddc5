"""Logs as they come: any size, any order, any fault."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.evaluation import layouts
from promotions.evaluation.reading import LONGEST, Faults, MalformedError, lines_of, rows_of
from promotions.evaluation.timeline import in_order

pytestmark = pytest.mark.once
AT = 1_780_000_000


def read(path, layout, text, mode="w"):
    """Rows and faults of a file with that text."""
    with open(path, mode) as file:
        file.write(text)
    faults = Faults()
    return list(rows_of(lines_of(path, faults), layouts.LAYOUTS[layout](), faults)), faults


def test_retailrocket(tmp_path):
    text = (
        "timestamp,visitorid,event,itemid,transactionid\n"
        f"{AT}000,7,view,31,\n{AT}500,7,addtocart,31,\n{AT}999,7,transaction,31,4\n"
    )

    rows, faults = read(tmp_path / "events.csv", "retailrocket", text)

    assert rows == [(AT, ["7", "31", "view"]), (AT + 0.5, ["7", "31", "cart"]), (AT + 0.999, ["7", "31", "purchase"])]
    assert faults.told() == []


def test_taobao(tmp_path):
    rows, _faults = read(tmp_path / "u.csv", "taobao", f"1,2268318,2520377,pv,{AT}\n1,2333346,2520771,buy,{AT}\n")

    assert rows == [(AT, ["1", "2268318", "view"]), (AT, ["1", "2333346", "purchase"])]


def test_open_bandit(tmp_path):
    text = (
        ",timestamp,item_id,position,click,propensity_score,user_feature_0\n"
        "0,2019-11-24 00:00:00.0+00:00,14,3,1,0.0125,x\n"
    )

    rows, _faults = read(tmp_path / "all.csv", "openbandit", text)

    assert rows == [(1_574_553_600.0, ["14", "3", "1", "0.0125"])]


def test_clicks_on_items_alone_are_each_somebodys(tmp_path):
    rows, _faults = read(tmp_path / "c.csv", "own", f"item,at\na,{AT}\nb,2026-05-25T12:00:00-06:00\n")

    assert rows == [(AT, ["line 2", "a", "click"]), (1_779_732_000.0, ["line 3", "b", "click"])]


def test_sessions_stand_for_people_and_gzip_is_unpacked(tmp_path):
    path = tmp_path / "c.csv.gz"
    path.write_bytes(gzip.compress(f"\ufeffat,session,item,kind\r\n{AT},s,a,cart\r\n".encode()))
    faults = Faults()

    rows = list(rows_of(lines_of(path, faults), layouts.own(), faults))

    assert rows == [(AT, ["s", "a", "cart"])]


def test_what_cannot_be_read_is_counted_and_named(tmp_path):
    bad = [
        f"{AT},u,a,dance",
        f"{AT},u,a",
        f"{AT},u,,view",
        "yesterday,u,a,view",
        "2026-05-25T12:00:00,u,a,view",
        "nan,u,a,view",
        "-1,u,a,view",
        f"{AT},u\x00,a,view",
        f"{AT},u\ta,a,view",
        f"{AT},{'u' * 201},a,view",
        "x" * (3 * LONGEST),
    ]
    good = f"{AT},u,a,view"

    rows, faults = read(tmp_path / "c.csv", "own", "\n".join(["at,user,item,kind", *bad, good, good]))

    assert rows == [(AT, ["u", "a", "view"])] * 2
    assert sum(faults.counts.values()) == len(bad)
    assert faults.counts["no name of a user or an item"] == 4
    assert faults.lines["no name of a user or an item"] == [4, 9, 10]
    assert "1 left out: a line too long (line 12)" in faults.told()
    assert "4 left out: no name of a user or an item (line 4, 9, 10, …)" in faults.told()


def test_bytes_that_are_no_text_cost_their_line_only(tmp_path):
    text = b"at,user,item,kind\n%d,\xff\xfe,a,view\n%d,u,a,view\n" % (AT, AT)

    rows, faults = read(tmp_path / "c.csv", "own", text, "wb")

    assert rows == [(AT, ["u", "a", "view"])]
    assert faults.counts == {"no name of a user or an item": 1}


@pytest.mark.parametrize(
    ("item", "position", "click", "propensity"),
    [
        ("a", "0", "0", "0.5"),
        ("a", "00001", "0", "0.5"),
        ("a", "1", "2", "0.5"),
        ("a", "1", "1", "0"),
        ("a", "1", "1", "1.5"),
        ("a", "1", "1", "nan"),
        ("a", "1", "1", "often"),
        ("a", "²", "1", "1"),
        ("", "1", "1", "1"),
    ],
)
def test_rounds_without_a_sound_propensity_are_left_out(item, position, click, propensity):
    parse = layouts.openbandit()
    parse(1, "timestamp,item_id,position,click,propensity_score")

    with pytest.raises(MalformedError):
        parse(2, f"{AT},{item},{position},{click},{propensity}")


@pytest.mark.parametrize("layout", sorted(layouts.LAYOUTS))
@given(text=st.text(max_size=60))
def test_no_line_whatsoever_is_a_crash(layout, text):
    parse = layouts.LAYOUTS[layout]()
    for header in ("at,user,item,kind", "timestamp,item_id,position,click,propensity_score"):
        try:
            parse(1, header)
            parse(2, text)
        except (MalformedError, layouts.HeaderError):
            pass


def test_another_files_header_is_said():
    with pytest.raises(layouts.HeaderError, match="the header has no at, item"):
        layouts.own()(1, "user,product")


@given(st.lists(st.floats(0, 1e9), max_size=60), st.integers(1, 10))
def test_rows_come_in_the_order_of_time_and_those_of_a_moment_as_they_were(moments, piece):
    rows = [(moment, [str(number)]) for number, moment in enumerate(moments)]

    assert list(in_order(rows, piece=piece)) == sorted(rows, key=lambda row: row[0])


def test_memory_holds_a_piece_of_the_log():
    tracemalloc.start()
    last = -1.0
    for moment, _texts in in_order(
        ((float(n * 7_919 % 60_000), ["u", "i", "view"]) for n in range(60_000)), piece=2_000
    ):
        assert moment >= last
        last = moment
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4_000_000
