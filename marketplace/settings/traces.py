"""Traces (OpenTelemetry). Off unless an exporter or its address is named (docs/observability.md)."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from .env import VAR_DIR, env

# The collector's base address, such as http://collector:4318; its exporter reads OTEL_EXPORTER_OTLP_* by itself.
_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
# otlp, file, none.
TRACES_EXPORTER = env.str("OTEL_TRACES_EXPORTER", default="") or ("otlp" if _ENDPOINT else "none")
# Of requests and periodic work so many are traced, with everything they cause.
TRACES_RATIO = env.float("OTEL_TRACES_SAMPLER_ARG", default=0.1)
TRACES_SERVICE = env.str("OTEL_SERVICE_NAME", default="marketplace")
# Where `file` writes: a line of JSON a span.
TRACES_FILE = env.str("TRACES_FILE", default=str(VAR_DIR / "traces.jsonl"))
# Whether a caller's `traceparent` also says that the request is to be traced. Otherwise it only joins his trace: the
# ratio decides, and nobody outside can have everything recorded.
TRACES_BELIEVE_CALLERS = env.bool("TRACES_BELIEVE_CALLERS", default=False)

if TRACES_EXPORTER not in {"otlp", "file", "none"}:
    raise ImproperlyConfigured("OTEL_TRACES_EXPORTER is otlp, file or none")
if TRACES_EXPORTER != "none" and find_spec("opentelemetry") is None:
    raise ImproperlyConfigured("traces need OpenTelemetry: pip install -r requirements-traces.txt")
if not 0 <= TRACES_RATIO <= 1:
    raise ImproperlyConfigured("OTEL_TRACES_SAMPLER_ARG is a share, from 0 to 1")
