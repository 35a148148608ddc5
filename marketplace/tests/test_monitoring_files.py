"""Alert rules, scrape configuration and dashboard: nothing is wrong with ours, and what would be wrong is seen."""

import shutil

import pytest

from marketplace.settings.env import BASE_DIR
from scripts.monitoring import GRAFANA, PROMETHEUS, RUNBOOKS, faults, headings
from scripts.promql import PromQLError, parse

pytestmark = pytest.mark.once

RULES, SCRAPES = PROMETHEUS / "rules.yml", PROMETHEUS / "prometheus.yml"
BOARD = GRAFANA / "marketplace.json"


def test_ours_are_without_fault():
    assert faults() == []


@pytest.mark.parametrize(
    ("file", "was", "becomes", "said"),
    [
        (
            RULES,
            "marketplace_webhook_lag_seconds",
            "marketplace_webhook_lag",
            "there is no metric marketplace_webhook_lag",
        ),
        (RULES, '{state="needs_review"}', '{stat="needs_review"}', "marketplace_payment_tasks has no label stat"),
        (RULES, "max by (provider)", "max by (queue)", "nothing of it has a label queue"),
        (RULES, "delta(marketplace_dead", "rate(marketplace_dead", "rate of marketplace_dead_events, which is a gauge"),
        (RULES, "#stock-drift", "#stock-drifts", "no such runbook: docs/observability.md#stock-drifts"),
        (RULES, "severity: ticket", "severity: tickets", "severity is one of page, ticket"),
        (RULES, "for: 2m", "for: 2 minutes", "2 minutes is no duration"),
        (RULES, "alert: StockDrift", "alert: RequestsSlow", "RequestsSlow: twice"),
        (RULES, "{{ $labels.queue }}", "{{ $labels.task }}", "task is no label of what it tells of"),
        (RULES, "{{ $labels.task }}", "{{ labels.task }}", "placeholder not understood"),
        (RULES, "          summary:", "          sumary:", "annotation sumary is not known"),
        (RULES, "max(marketplace_outbox_lag_seconds)", "max(marketplace_outbox_lag_seconds", ") expected"),
        (RULES, "max(marketplace_outbox_lag_seconds) > 30", "30 - 1", "reads no series"),
        (RUNBOOKS, "### Tasks fail", "### Tasks failing", "no such runbook: docs/observability.md#tasks-fail"),
        (SCRAPES, "- rules.yml", "- rule.yml", "there is no rule.yml"),
        (SCRAPES, "scrape_timeout: 10s", "scrape_timeout: ten", "scrape_timeout is no duration"),
        (SCRAPES, "static_configs", "static_config", "unknown key static_config"),
        (BOARD, "marketplace_flash_holds", "marketplace_flash_hold", "there is no metric marketplace_flash_hold"),
        (BOARD, "by (tier)", "by (teir)", "nothing of it has a label teir"),
        (BOARD, '"x": 8', '"x": 7', "lies on another panel"),
        (BOARD, '"x": 16', '"x": 17', "is beyond the edge"),
        (BOARD, '"id": 2,', '"id": 1,', "two panels have one id"),
        (BOARD, '"uid": "${datasource}"', '"uid": "prometheus"', "not of the chosen data source"),
        (BOARD, '"type": "timeseries"', '"type": "graph"', "no panel graph"),
    ],
)
def test_a_planted_fault_is_seen(tmp_path, file, was, becomes, said):
    for each in (PROMETHEUS, GRAFANA):
        shutil.copytree(BASE_DIR / each, tmp_path / each)
    (tmp_path / RUNBOOKS).parent.mkdir()
    shutil.copy(BASE_DIR / RUNBOOKS, tmp_path / RUNBOOKS)
    text = (tmp_path / file).read_text()
    assert was in text
    (tmp_path / file).write_text(text.replace(was, becomes, 1))

    found = faults(tmp_path)

    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "a word expected"),
        ("rate(a)", "rate takes a range vector, not a instant vector"),
        ("sum(a[5m])", "sum takes a instant vector, not a range vector"),
        ("a[5m] > 1", "> between a range vector and a scalar"),
        ("histogram_quantile(a, 0.9)", "histogram_quantile takes a scalar"),
        ("ratee(a[5m])", "no function ratee"),
        ("rate(a[5])", "a duration expected"),
        ("a{b}", "labels are not compared by }"),
        ("a{b>'c'}", "labels are not compared by >"),
        ("a{b=~'('}", "not a pattern"),
        ("sum by job (a)", "( expected"),
        ("a and 1", "and takes instant vectors"),
        ("1 > 0", "scalars are compared with bool"),
        ("a + bool b", "bool goes with comparisons"),
        ("a b", "not expected: b"),
        ("a > > 1", "a word expected"),
        ("a ; b", "not understood: ;"),
        ("(a", ") expected, not the end"),
    ],
)
def test_what_is_no_promql_is_said(expression, said):
    with pytest.raises(PromQLError) as refused:
        parse(expression)

    assert said in str(refused.value)


def test_an_expression_says_what_it_reads():
    found = parse(
        'histogram_quantile(0.9, sum by (le) (rate(a_bucket{b="}", c!~"x|y"}[5m] offset 1h))) / on (d) group_left (e)'
        " (max(f) without (g) or -vector(1e3)) >= bool 2 unless absent(h)"
    )

    assert [(each.name, sorted(each.labels), each.within) for each in found.selectors] == [
        ("a_bucket", ["b", "c"], "rate"),
        ("f", [], ""),
        ("h", [], ""),
    ]
    assert (found.groups, found.is_aggregated, found.gives) == ({"le", "d", "e", "g"}, True, "instant vector")


def test_anchors_are_those_of_code_hosts():
    assert headings("# A page\n\n### Who's late: 5 %\ntext # no\n## `x_y` stands-still\n") == {
        "a-page",
        "whos-late-5-",
        "x_y-stands-still",
    }
