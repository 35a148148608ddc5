"""One request, from click to e-mail: what became of it, by its trace and by its log lines.

    python -m scripts.one_request [--statements] [--folder DIR]

Starts a shop with demo data in a temporary folder (or one that is kept), every request traced into a file. A customer
pays for a flash unit that she reserved; the request is followed until its mail is there. Printed are the tree of its
spans, each with its begin and length in milliseconds, and the log lines that bear its trace's id.
"""

import argparse
import json
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from marketplace.demo.logins import CUSTOMER, DEMO_PASSWORD
from scripts.shop import Shop

API: Final = "/api/v1/promotions/"
START_SECONDS: Final = 240.0
PATIENCE_SECONDS: Final = 120.0
# No further span for so long: it has come to its end.
QUIET_SECONDS: Final = 3.0
TRACED: Final = {
    "OTEL_TRACES_EXPORTER": "file", "OTEL_TRACES_SAMPLER_ARG": "1", "OTEL_BSP_SCHEDULE_DELAY": "200",
    "LOG_LEVEL": "INFO", "LOG_FORMAT": "json",
}  # fmt: skip
SHOWN: Final = ("level", "logger", "message", "user", "promotion", "order", "task", "handler", "request_id")


@dataclass(frozen=True, slots=True)
class Span:
    """One span of the trace; moments in seconds since 1970."""

    id: str
    parent: str
    name: str
    began: float
    ended: float
    attributes: dict[str, Any]

    @property
    def is_call(self) -> bool:
        """A statement, a command of Redis."""
        return "db.system.name" in self.attributes


def spans_of(path: Path, trace_id: str) -> list[Span]:
    """Those of the trace that the exporter has written yet, as they began."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [_span(each) for line in lines if trace_id in line and (each := json.loads(line))]
    return sorted(found, key=lambda span: span.began)


def _span(written: dict[str, Any]) -> Span:
    return Span(
        id=written["context"]["span_id"].removeprefix("0x"),
        parent=(written["parent_id"] or "").removeprefix("0x"),
        name=written["name"],
        began=_seconds(written["start_time"]),
        ended=_seconds(written["end_time"]),
        attributes=written["attributes"],
    )


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def tree(spans: list[Span], *, statements: bool) -> Iterator[str]:
    """A line a span: begin after the first one, length, name; statements added up below their span unless asked for."""
    below: dict[str, list[Span]] = {}
    known = {span.id for span in spans}
    for span in spans:
        below.setdefault(span.parent if span.parent in known else "", []).append(span)
    began = spans[0].began

    def show(span: Span, depth: int) -> Iterator[str]:
        yield f"{(span.began - began) * 1000:8.1f} {(span.ended - span.began) * 1000:8.1f}  {'  ' * depth}{span.name}"
        inside = below.get(span.id, [])
        calls = [each for each in inside if each.is_call and not statements]
        if calls:
            took = sum(each.ended - each.began for each in calls)
            yield f"{'':8} {took * 1000:8.1f}  {'  ' * (depth + 1)}{len(calls)} statements"
        for each in inside:
            if statements or not each.is_call:
                yield from show(each, depth + 1)

    for root in below[""]:
        yield from show(root, 0)


def log_lines(path: Path, trace_id: str) -> Iterator[str]:
    """The lines of the trace, with the fields that say what they belong to."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if trace_id in line:
            fields = json.loads(line)
            yield json.dumps({name: fields[name] for name in SHOWN if fields.get(name)}, ensure_ascii=False)


def pay_for_a_unit(shop: Shop, trace_id: str) -> str:
    """Reserve, then pay under that trace; the request's id. Leaves with the refusal if there is one."""
    bearer = shop.bearer(CUSTOMER.email, DEMO_PASSWORD)
    promo = _taken(*shop.ask(f"{API}flash-promos/eligible/", Authorization=bearer))["results"][0]["id"]
    reservation = _taken(*shop.ask(f"{API}promo-reservations/", {"promo": promo}, Authorization=bearer))["id"]
    request_id = f"one-request-{secrets.token_hex(4)}"
    _taken(
        *shop.ask(
            f"{API}promo-reservations/{reservation}/complete/", {}, Authorization=bearer, X_Request_ID=request_id,
            Idempotency_Key=request_id, traceparent=f"00-{trace_id}-{secrets.token_hex(8)}-01",
        )
    )  # fmt: skip
    return request_id


def _taken(status: int, answer: Any) -> Any:
    if not 200 <= status < 300:
        raise SystemExit(f"refused: {status} {answer}")
    return answer


def followed(path: Path, trace_id: str) -> list[Span]:
    """Wait until a mail was sent in the trace and nothing more comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    spans, changed = list[Span](), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.2)
        now = spans_of(path, trace_id)
        if len(now) != len(spans):
            spans, changed = now, time.monotonic()
        is_quiet = time.monotonic() - changed > QUIET_SECONDS
        if is_quiet and any(span.name == "send mail" for span in spans):
            return spans
    raise SystemExit(f"no mail within {PATIENCE_SECONDS:.0f} s; {len(spans)} spans")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", action="store_true", help="a line for each statement")
    parser.add_argument("--folder", help="the shop's folder, to be kept: the next time its demo data are there already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="one-request-") as passing:
        folder = options.folder or passing
        shop, log, traces = Shop(folder, **TRACED), Path(folder, "log"), Path(folder, "traces.jsonl")
        if shop.manage("prepare") != 0:
            return 1
        try:
            shop.start(log, patience=START_SECONDS)
            trace_id = secrets.token_hex(16)
            request_id = pay_for_a_unit(shop, trace_id)
            spans = followed(traces, trace_id)
        finally:
            shop.end(signal.SIGTERM)
        print(f"request {request_id}, trace {trace_id}\n\n  begin ms   length  span")
        print("\n".join(tree(spans, statements=options.statements)))
        print("\nlog lines (time and trace_id left out)")
        print("\n".join(log_lines(log, trace_id)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
