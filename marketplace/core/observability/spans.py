"""Spans by OpenTelemetry's SDK. Imported only where traces are on; everybody else speaks to `tracing`."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from marketplace.core.context import trace_parent, well_formed_trace_parent

from .tracing import Mark, Value

LONGEST_STATEMENT: Final = 2_000
_TABLE: Final = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+(?:ONLY\s+)?"?([A-Za-z0-9_]+)', re.IGNORECASE)


class FileExporter(SpanExporter):
    """A line of JSON a span, appended. For one machine, and for looking at."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        lines = "".join(f"{span.to_json(indent=None)}\n" for span in spans)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(lines)
        return SpanExportResult.SUCCESS


class _Mark:
    """`tracing.Mark` on a span of OpenTelemetry's."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, name: str, value: Value) -> None:
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


class Spans:
    """Parent-based sampling: what begins here is recorded by `ratio`, what is caused by something recorded always is.

    The provider is not made the process' own: libraries that bring spans of their own say more than we would let them.
    """

    def __init__(self, processor: SpanProcessor, *, ratio: float, service: str) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)), resource=Resource.create({"service.name": service})
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("marketplace")

    @contextmanager
    def span(self, name: str, kind: str, parent: str, attributes: dict[str, Value]) -> Iterator[Mark]:
        """Also the `traceparent` of what is published and sent inside. An error marks it by its class, no more: its
        words may quote a row."""
        with (
            self._tracer.start_as_current_span(
                name, context=_context_below(parent), kind=SpanKind[kind], attributes=attributes,
                record_exception=False, set_status_on_exception=False,
            ) as span,
            trace_parent(text_of(span.get_span_context())),
        ):  # fmt: skip
            mark = _Mark(span)
            try:
                yield mark
            except Exception as error:
                mark.fail(type(error).__name__)
                raise

    @contextmanager
    def call(self, name: str, attributes: dict[str, Value]) -> Iterator[None]:
        """Nobody is below it, so it does not become the current span: that would cost as much again."""
        if not trace.get_current_span().is_recording():
            yield
            return
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False)
        try:
            yield
        except Exception as error:
            _Mark(span).fail(type(error).__name__)
            raise
        finally:
            span.end()

    def statement(self, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """With its text, whose values are placeholders; never with its parameters."""
        if not trace.get_current_span().is_recording():
            return execute(sql, params, many, context)
        text = str(sql)
        vendor = context["connection"].vendor
        with self.call(summary_of(text), {"db.system.name": vendor, "db.query.text": text[:LONGEST_STATEMENT]}):
            return execute(sql, params, many, context)

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what waits, and end."""
        self._provider.shutdown()


def from_settings() -> Spans:
    """By the exporter that the settings name; the batches are sent by a thread, also in a process that was forked."""
    exporter: SpanExporter = (
        FileExporter(Path(settings.TRACES_FILE)) if settings.TRACES_EXPORTER == "file" else OTLPSpanExporter()
    )
    return Spans(BatchSpanProcessor(exporter), ratio=settings.TRACES_RATIO, service=settings.TRACES_SERVICE)


def text_of(place: SpanContext) -> str:
    """As W3C's header has it."""
    return f"00-{place.trace_id:032x}-{place.span_id:016x}-{int(place.trace_flags):02x}"


def _context_below(parent: str) -> Context | None:
    """None: below the current span. That is so without a parent, and where the current span is of the same trace: it
    is the nearer one, such as the task that runs the handler."""
    place = well_formed_trace_parent(parent)
    if not place:
        return None
    _version, trace_id, span_id, flags = place.split("-")
    if int(trace_id, 16) == trace.get_current_span().get_span_context().trace_id:
        return None
    context = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


@lru_cache(maxsize=512)
def summary_of(sql: str) -> str:
    """`SELECT core_outboxevent`: the verb and the first table."""
    verb = sql.split(maxsplit=1)[0].upper() if sql.strip() else "statement"
    found = _TABLE.search(sql)
    return f"{verb} {found[1]}" if found else verb
