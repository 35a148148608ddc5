"""Alert rules, scrape configuration and dashboard of `deploy/`, looked through without Prometheus or Grafana.

Every metric that a rule or a panel names is one that the product gives, with those labels; every expression is PromQL;
every runbook is a heading of docs/observability.md.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any, Final

import django
import yaml
from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.core.loaded import load_routes
from marketplace.core.observability.metrics import Exposed, exposed

from .promql import OF_COUNTERS, SCALAR, Expression, PromQLError, parse

ROOT: Final = Path(__file__).resolve().parent.parent
PROMETHEUS, GRAFANA = Path("deploy", "prometheus"), Path("deploy", "grafana")
RUNBOOKS: Final = Path("docs", "observability.md")
SEVERITIES: Final = frozenset({"page", "ticket"})
# Prometheus' own: of every target, and on every series.
OWN_SERIES: Final = {"up": Exposed("gauge", frozenset())}
OWN_LABELS: Final = frozenset({"instance", "job"})
PANELS: Final = frozenset({"bargauge", "row", "stat", "table", "timeseries"})
_RULE: Final = {"alert", "expr", "for", "labels", "annotations"}
_ANNOTATIONS: Final = {"summary", "description", "runbook"}
_SCRAPE: Final = {
    "job_name", "metrics_path", "scheme", "static_configs", "authorization", "metric_relabel_configs",
    "scrape_interval", "scrape_timeout",
}  # fmt: skip
_GLOBAL: Final = {"scrape_interval", "scrape_timeout", "evaluation_interval"}
_DURATION: Final = re.compile(r"(\d+(ms|[smhdwy]))+")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\$value|\$labels\.([a-z_]+))(\s*\|\s*[a-zA-Z0-9]+)?\s*\}\}")
COLUMNS: Final = 24


def faults(root: Path = ROOT) -> list[str]:
    """What is wrong with the files below `root`; empty when nothing is. Django is set up."""
    load_routes()  # what counts is made where it counts, and imported with that
    for name in settings.MIDDLEWARE:
        import_string(name)
    known = {**exposed(), **OWN_SERIES}
    anchors = headings((root / RUNBOOKS).read_text())
    return [
        *prometheus_faults(root / PROMETHEUS),
        *(fault for path in sorted((root / PROMETHEUS).glob("*rules.yml")) for fault in _rules(path, known, anchors)),
        *(fault for path in sorted((root / GRAFANA).glob("*.json")) for fault in _dashboard(path, known)),
    ]


def headings(markdown: str) -> set[str]:
    """Anchors of a page, made as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def prometheus_faults(folder: Path) -> Iterator[str]:
    """The scrape configuration: only known keys, durations that are some, rule files that exist."""
    path = folder / "prometheus.yml"
    content = yaml.safe_load(path.read_text())
    yield from _keys(path.name, content, {"global", "rule_files", "scrape_configs"})
    yield from _keys("global", content.get("global", {}), _GLOBAL)
    for key, value in content.get("global", {}).items():
        if not _DURATION.fullmatch(str(value)):
            yield f"{path.name}: {key} is no duration"
    for name in content.get("rule_files", []):
        if not list(folder.glob(name)):
            yield f"{path.name}: there is no {name}"
    for job in content.get("scrape_configs", []):
        yield from _keys(f"job {job.get('job_name')}", job, _SCRAPE)
        if not all(each.get("targets") for each in job.get("static_configs", [{}])):
            yield f"job {job.get('job_name')}: no targets"


def _keys(where: str, content: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for key in sorted(content.keys() - known):
        yield f"{where}: unknown key {key}"


def _rules(path: Path, known: Mapping[str, Exposed], anchors: set[str]) -> Iterator[str]:
    names = set[str]()
    for group in yaml.safe_load(path.read_text())["groups"]:
        yield from _keys(f"group {group.get('name')}", group, {"name", "rules", "interval"})
        for rule in group["rules"]:
            name = rule.get("alert", "?")
            if name in names:
                yield f"{name}: twice"
            names.add(name)
            yield from (f"{name}: {fault}" for fault in _rule(rule, known, anchors))


def _rule(rule: Mapping[str, Any], known: Mapping[str, Exposed], anchors: set[str]) -> Iterator[str]:
    yield from _keys("rule", rule, _RULE)
    for key in sorted(_RULE - rule.keys() - {"for"}):
        yield f"no {key}"
    if "for" in rule and not _DURATION.fullmatch(rule["for"]):
        yield f"{rule['for']} is no duration"
    if rule.get("labels", {}).get("severity") not in SEVERITIES:
        yield f"severity is one of {', '.join(sorted(SEVERITIES))}"
    yield from expression_faults(rule.get("expr", ""), known)
    annotations = rule.get("annotations", {})
    for key in sorted(_ANNOTATIONS ^ annotations.keys()):
        yield f"annotation {key} is {'not known' if key in annotations else 'missing'}"
    page, _hash, anchor = annotations.get("runbook", "").partition("#")
    if page != RUNBOOKS.as_posix() or anchor not in anchors:
        yield f"no such runbook: {annotations.get('runbook')}"
    for text in annotations.values():
        yield from _placeholder_faults(text, rule.get("expr", ""), known)


def _placeholder_faults(text: str, expression: str, known: Mapping[str, Exposed]) -> Iterator[str]:
    if "{{" in _PLACEHOLDER.sub("", text):
        yield f"placeholder not understood: {text}"
    left = _labels_left(expression, known)
    for _whole, label, _format in _PLACEHOLDER.findall(text):
        if label and label not in left:
            yield f"{label} is no label of what it tells of"


def _labels_left(text: str, known: Mapping[str, Exposed]) -> Set[str]:
    try:
        expression = parse(text)
    except PromQLError:
        return set()  # said already
    if expression.is_aggregated:
        return expression.groups
    return OWN_LABELS.union(*(known[each.name].labels for each in expression.selectors if each.name in known))


def expression_faults(text: str, known: Mapping[str, Exposed]) -> Iterator[str]:
    """Of one expression: its syntax, its types, and whether there are such series."""
    try:
        expression = parse(text)
    except PromQLError as error:
        yield f"{error} in: {text}"
        return
    if expression.gives == SCALAR or not expression.selectors:
        yield f"reads no series: {text}"
    yield from _series_faults(expression, known)


def _series_faults(expression: Expression, known: Mapping[str, Exposed]) -> Iterator[str]:
    labels = set(OWN_LABELS)
    for selector in expression.selectors:
        series = known.get(selector.name)
        if series is None:
            yield f"there is no metric {selector.name}"
            return
        labels |= series.labels
        for label in sorted(selector.labels - series.labels - OWN_LABELS):
            yield f"{selector.name} has no label {label}"
        if selector.within in OF_COUNTERS and series.kind != "counter":
            yield f"{selector.within} of {selector.name}, which is a {series.kind}"
    for label in sorted(expression.groups - labels):
        yield f"nothing of it has a label {label}"


def _dashboard(path: Path, known: Mapping[str, Exposed]) -> Iterator[str]:
    content = json.loads(path.read_text())
    for key in ("uid", "title", "schemaVersion", "panels", "templating", "time"):
        if key not in content:
            yield f"{path.name}: no {key}"
    panels = content.get("panels", [])
    if len({panel["id"] for panel in panels}) != len(panels):
        yield f"{path.name}: two panels have one id"
    yield from (f"{path.name}: {fault}" for fault in _overlaps(panels))
    for panel in panels:
        yield from (f"{path.name}, {panel['title']}: {fault}" for fault in _panel(panel, known))


def _panel(panel: Mapping[str, Any], known: Mapping[str, Exposed]) -> Iterator[str]:
    if panel["type"] not in PANELS:
        yield f"no panel {panel['type']}"
    if panel["type"] == "row":
        return
    if panel.get("datasource", {}).get("uid") != "${datasource}":
        yield "not of the chosen data source"
    if not panel.get("targets"):
        yield "shows nothing"
    for target in panel.get("targets", []):
        if not target.get("refId"):
            yield "a target without refId"
        yield from expression_faults(target["expr"].replace("$__rate_interval", "5m"), known)


def _overlaps(panels: list[Mapping[str, Any]]) -> Iterator[str]:
    taken = set[tuple[int, int]]()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        if place["x"] + place["w"] > COLUMNS:
            yield f"{panel['title']} is beyond the edge"
        if cells & taken:
            yield f"{panel['title']} lies on another panel"
        taken |= cells


def main() -> int:
    """Print every fault."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
    django.setup()
    found = faults()
    print("\n".join(found) or "monitoring files: nothing to mend", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
