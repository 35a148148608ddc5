"""What the reference shows."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_CONTROL, _VARIANT = "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c21", "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c22"
_TITLE: Final = "Heavier weights"
_ASKED: Final[dict[str, Any]] = {
    "key": "heavier-weights",
    "name": _TITLE,
    "hypothesis": "More weight on popularity brings more clicks.",
    "knob": "w_popularity",
    "decided_by": "exposure_hit_ratio",
    "inclusion_bp": 5_000,
    "ends_at": "2026-06-15T06:00:00Z",
    "variants": [
        {"key": "today", "value": 0.7, "share_bp": 5_000, "is_control": True},
        {"key": "heavier", "value": 0.85, "share_bp": 5_000, "is_control": False},
    ],
}
_KEPT: Final[dict[str, Any]] = _ASKED | {
    "id": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
    "state": "draft",
    "variants": [
        _ASKED["variants"][0] | {"id": _CONTROL},
        _ASKED["variants"][1] | {"id": _VARIANT},
    ],
    "picked": None,
    "started_at": None,
    "stopped_at": None,
    "created_at": "2026-05-31T18:00:00Z",
    "updated_at": "2026-05-31T18:00:00Z",
}
_RUNNING: Final[dict[str, Any]] = _KEPT | {"state": "running", "started_at": "2026-06-01T06:00:00Z"}
_OVER: Final[dict[str, Any]] = _RUNNING | {"state": "stopped", "stopped_at": "2026-06-15T06:00:00Z", "picked": _VARIANT}


def _arm(variant: dict[str, Any], *counts: int, **metrics: tuple[float, float, float]) -> dict[str, Any]:
    names = ("units", "impressions", "clicks", "buyers", "purchases", "amount_minor")
    named = {name: dict(zip(("value", "low", "high"), figures, strict=True)) for name, figures in metrics.items()}
    told = {name: variant[name] for name in ("key", "value", "share_bp", "is_control")}
    return {"variant": variant["id"], **told, **dict(zip(names, counts, strict=True)), "metrics": named}


_REPORT: Final[dict[str, Any]] = {
    "experiment": _KEPT["id"],
    "key": _KEPT["key"],
    "name": _TITLE,
    "state": "stopped",
    "decided_by": "exposure_hit_ratio",
    "is_readable": True,
    "basis": "fixed",
    "confidence": 0.95,
    "balance": {
        "observed": [10_036, 9_964],
        "expected": [10_000.0, 10_000.0],
        "statistic": 0.2592,
        "df": 1,
        "p_value": 0.6107,
        "is_alarm": False,
    },
    "mixed_units": 41,
    "arms": [
        _arm(
            _KEPT["variants"][0], 10_036, 80_288, 4_014, 502, 551, 17_520_300,
            exposure_hit_ratio=(0.0500, 0.0481, 0.0519),
            ab_variant_conversion=(0.0500, 0.0459, 0.0545),
            amount_per_unit=(1745.7, 1580.1, 1911.4),
        ),
        _arm(
            _KEPT["variants"][1], 9_964, 79_712, 4_464, 508, 560, 17_729_200,
            exposure_hit_ratio=(0.0560, 0.0540, 0.0580),
            ab_variant_conversion=(0.0510, 0.0468, 0.0555),
            amount_per_unit=(1779.3, 1611.9, 1946.8),
        ),
    ],
    "comparisons": [
        {
            "metric": "exposure_hit_ratio",
            "variant": _VARIANT,
            "key": "heavier",
            "difference": 0.0060,
            "lift": 0.12,
            "low": 0.0032,
            "high": 0.0088,
            "any_time_low": 0.0017,
            "any_time_high": 0.0103,
            "p_value": 0.00003,
            "verdict": "better",
        }
    ],
    "warnings": [],
}  # fmt: skip

TERMS = OpenApiExample(_TITLE, value=_ASKED, request_only=True)
END = OpenApiExample("Another planned end", value={"ends_at": "2026-06-22T06:00:00Z"}, request_only=True)
PICK = OpenApiExample("The heavier one", value={"variant": _VARIANT}, request_only=True)
DRAFT = OpenApiExample("A draft", value=_KEPT, response_only=True)
RESPONSE = OpenApiExample("Running", value=_RUNNING, response_only=True)
STOPPED = OpenApiExample("Stopped, a winner picked", value=_OVER, response_only=True)
REPORT = OpenApiExample("A winner", value=_REPORT, response_only=True)
