"""`manage.py evaluate_exposure`."""

import io

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.once


def said(**options):
    """What the command says."""
    out = io.StringIO()
    call_command("evaluate_exposure", stdout=out, **options)
    return out.getvalue()


def test_a_generated_log_is_evaluated_and_drawn(tmp_path):
    picture = tmp_path / "report.svg"

    report = said(generate=tmp_path / "log.csv", count=1_500, size=5, plot=picture)

    assert "Truth: the best possible lists hit" in report
    assert "1500 events" in report
    for word in ("random", "latest", "raw count", "decayed", "new to user", "NDCG@5", "coverage", "Gini"):
        assert word in report
    assert picture.read_text().startswith("<?xml")
    assert said(events=tmp_path / "log.csv", size=5) in report


def test_generated_bandit_data_is_evaluated_and_drawn(tmp_path):
    picture = tmp_path / "report.png"

    report = said(generate=tmp_path / "all.csv", layout="openbandit", count=600, plot=picture)

    assert "clicks a round" in report
    assert "SNIPS" in report
    assert "too few to read" in report
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_faults_are_told_and_the_rest_is_evaluated(tmp_path):
    log = tmp_path / "u.csv"
    lines = [f"{n % 5},{n % 3},1,pv,{1_780_000_000 + 1_800 * (200 - n)}" for n in range(200)]
    log.write_text("\n".join([*lines, "nonsense", "1,2,3,stare,1780000000"]))

    report = said(events=log, layout="taobao", size=2)

    assert "200 events of 3 items" in report
    assert "1 left out: not five fields (line 201)" in report
    assert "1 left out: an unknown kind of event (line 202)" in report


@pytest.mark.parametrize("text", ["", "at,user,item,kind\n", "at,item\nx,y\n"])
@pytest.mark.parametrize("layout", ["own", "taobao", "retailrocket"])
def test_a_log_of_nothing_is_no_crash(tmp_path, layout, text):
    log = tmp_path / "log.csv"
    log.write_text(text)

    assert "nothing to report" in said(events=log, layout=layout)


def test_bandit_data_of_nothing_is_no_crash(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("timestamp,item_id,position,click,propensity_score\n")

    assert "0 rounds" in said(events=log, layout="openbandit")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Give --events"),
        ({"events": "a.csv", "generate": "b.csv"}, "Give --events"),
        ({"events": "a.csv", "size": 0}, "--size"),
        ({"events": "a.csv", "half_life_hours": 0.0}, "--half-life-hours"),
        ({"events": "a.csv", "half_life_hours": float("nan")}, "--half-life-hours"),
        ({"events": "a.csv", "warm_up_hours": -1.0}, "--warm-up-hours"),
        ({"events": "a.csv", "targets": "view,stare"}, "--targets"),
        ({"events": "a.csv", "plot": "a.pdf"}, "--plot"),
        ({"generate": "a.csv", "count": 0}, "--count"),
        ({"generate": "a.csv", "layout": "taobao"}, "--generate"),
        ({"events": "none.csv"}, "There is no file"),
        ({"events": "."}, "There is no file"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]

    with pytest.raises(CommandError, match=words):
        call_command("evaluate_exposure", *given)

    assert [*tmp_path.iterdir()] == []


def test_a_file_of_another_layout_is_said(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("user,product\n1,2\n")

    with pytest.raises(CommandError, match="is not of the layout own: the header has no at, item"):
        said(events=log)


def test_a_broken_archive_is_said(tmp_path):
    log = tmp_path / "log.csv.gz"
    log.write_bytes(b"\x1f\x8bnothing")

    with pytest.raises(CommandError, match="cannot be read"):
        said(events=log)
