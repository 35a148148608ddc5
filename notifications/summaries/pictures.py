"""The picture of a weekly summary: what came in and went out, week by week. A PNG: most mail programs show no SVG."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1_008, 320
"""Pixels; shown at half of that, so that it is sharp on any screen."""
_IN, _OUT, _INK, _LINE = "#15803d", "#7c3aed", "#3e4c59", "#cbd2d9"
_BASE, _TOP, _BAR = 270, 60, 44
_FONT_SIZE: Final = 26


def bars(weeks: Sequence[Mapping[str, Any]]) -> bytes:
    """Two bars a week, in the proportion of the largest of all; weeks as a summary's parameters have them."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(_FONT_SIZE)
    _legend(draw, font)
    amounts = [(week["incoming"]["minor"], week["outgoing"]["minor"]) for week in weeks]
    largest = max((amount for pair in amounts for amount in pair), default=0)
    step = WIDTH // max(1, len(weeks))
    for place, (week, pair) in enumerate(zip(weeks, amounts, strict=True)):
        middle = place * step + step // 2
        for amount, left, colour in zip(pair, (middle - _BAR - 2, middle + 2), (_IN, _OUT), strict=True):
            height = 0 if largest == 0 else round((_BASE - _TOP) * amount / largest)
            if height > 0:
                draw.rectangle((left, _BASE - height, left + _BAR, _BASE), fill=colour)
        label = formats.date_format(date.fromisoformat(week["starts_on"]), _("m/d"))
        draw.text((middle, _BASE + 10), label, fill=_INK, font=font, anchor="ma")
    draw.line((0, _BASE, WIDTH, _BASE), fill=_LINE, width=2)
    target = BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


def _legend(draw: ImageDraw.ImageDraw, font: Any) -> None:
    left = 0
    for text, colour in ((_("came in"), _IN), (_("went out"), _OUT)):
        draw.rectangle((left, 8, left + 22, 30), fill=colour)
        draw.text((left + 32, 19), text, fill=_INK, font=font, anchor="lm")
        left += 72 + round(draw.textlength(text, font=font))
