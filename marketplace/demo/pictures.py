"""Pictures of the town's goods, drawn: nobody's photographs, the same for the same product."""

import math
import random
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageDraw

SIZE, FINE = (720, 480), 2
"""Drawn twice as large, for smooth edges."""
GROUNDS = ("#fde68a", "#bfdbfe", "#bbf7d0", "#fecaca", "#ddd6fe", "#fed7aa", "#a5f3fc", "#fbcfe8")
THINGS = ("#b45309", "#1d4ed8", "#15803d", "#b91c1c", "#6d28d9", "#c2410c", "#0e7490", "#be185d")
LIGHT, DARK, WOOD = "#fffaf0", "#2b2140", "#d6b48c"

Pen = ImageDraw.ImageDraw


def picture_of(name: str, shelf: str, department: str) -> bytes:
    """A PNG for the product's page: what the shelf or its department sells, in the product's own colours."""
    dice = random.Random(name)  # noqa: S311 - a choice of colours
    colour = dice.randrange(len(GROUNDS))
    image = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), GROUNDS[colour])
    pen = ImageDraw.Draw(image)
    # A sun behind it and a table below: a still life.
    x = dice.randrange(280, 440)
    _ellipse(pen, (x - 190, 20, x + 190, 400), LIGHT)
    _box(pen, (0, 392, 720, 480), WOOD, 0)
    (_MOTIFS.get(shelf) or _MOTIFS.get(department) or _parcel)(pen, THINGS[colour])
    small = image.resize(SIZE, Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "PNG")
    return file.getvalue()


def _box(pen: Pen, corners: tuple[int, int, int, int], fill: str, round_by: int = 14) -> None:
    pen.rounded_rectangle([FINE * value for value in corners], round_by * FINE, fill=fill)


def _ellipse(pen: Pen, corners: tuple[int, int, int, int], fill: str) -> None:
    pen.ellipse([FINE * value for value in corners], fill=fill)


def _shape(pen: Pen, points: list[tuple[float, float]], fill: str) -> None:
    pen.polygon([(FINE * x, FINE * y) for x, y in points], fill=fill)


def _ring(pen: Pen, corners: tuple[int, int, int, int], start: int, end: int, fill: str) -> None:
    pen.arc([FINE * value for value in corners], start, end, fill=fill, width=26 * FINE)


def _bag(pen: Pen, colour: str) -> None:
    """Groceries: a bag with a label, and two fruits before it."""
    _shape(pen, [(255, 140), (465, 140), (485, 410), (235, 410)], colour)
    _shape(pen, [(255, 140), (275, 112), (295, 140), (315, 112), (335, 140), (355, 112), (375, 140)], colour)
    _shape(pen, [(345, 140), (365, 112), (385, 140), (405, 112), (425, 140), (445, 112), (465, 140)], colour)
    _box(pen, (290, 205, 430, 320), LIGHT)
    _ellipse(pen, (325, 228, 395, 298), colour)
    _ellipse(pen, (460, 335, 545, 420), "#ea580c")
    _ellipse(pen, (520, 345, 595, 420), "#65a30d")


def _pot(pen: Pen, colour: str) -> None:
    """Home: a plant in a pot beside a mug."""
    for turn in (-62, -38, -14, 14, 38, 62):
        tip_x, tip_y = 330 + 190 * math.sin(math.radians(turn)), 290 - 205 * math.cos(math.radians(turn))
        _shape(pen, [(318, 290), ((330 + tip_x) / 2 - 26, (290 + tip_y) / 2), (tip_x, tip_y)], "#15803d")
        _shape(pen, [(342, 290), ((330 + tip_x) / 2 + 26, (290 + tip_y) / 2), (tip_x, tip_y)], "#22c55e")
    _shape(pen, [(245, 285), (415, 285), (390, 412), (270, 412)], colour)
    _box(pen, (235, 268, 425, 302), colour, 8)
    _ring(pen, (505, 325, 580, 395), 0, 360, DARK)
    _box(pen, (450, 310, 550, 412), DARK, 16)


def _headphones(pen: Pen, colour: str) -> None:
    """Electronics."""
    _ring(pen, (230, 85, 490, 375), 180, 360, DARK)
    _box(pen, (208, 225, 286, 385), colour, 34)
    _box(pen, (434, 225, 512, 385), colour, 34)
    _box(pen, (268, 240, 300, 370), DARK, 12)
    _box(pen, (420, 240, 452, 370), DARK, 12)


def _shirt(pen: Pen, colour: str) -> None:
    """Clothes."""
    sleeves = [(285, 105), (435, 105), (540, 175), (500, 250), (452, 222), (452, 405), (268, 405), (268, 222)]
    _shape(pen, [*sleeves, (220, 250), (180, 175)], colour)
    _ellipse(pen, (312, 72, 408, 148), LIGHT)
    _box(pen, (268, 292, 452, 312), LIGHT, 0)
    _box(pen, (268, 330, 452, 340), LIGHT, 0)


def _bottles(pen: Pen, colour: str) -> None:
    """Health and beauty: a bottle with a pump, and a jar."""
    _box(pen, (320, 78, 410, 100), DARK, 8)
    _box(pen, (346, 96, 364, 150), DARK, 2)
    _box(pen, (285, 145, 425, 412), colour, 30)
    _box(pen, (305, 225, 405, 335), LIGHT, 8)
    _box(pen, (450, 305, 580, 335), DARK, 8)
    _box(pen, (458, 330, 572, 412), colour, 16)


def _books(pen: Pen, colour: str) -> None:
    """Books and games: a pile, and a ball on it."""
    for number, shade in enumerate((DARK, colour, "#64748b", "#f59e0b")):
        left, top = 215 + (number % 2) * 22, 362 - number * 48
        _box(pen, (left, top, left + 270, top + 46), shade, 8)
        _box(pen, (left + 232, top + 8, left + 262, top + 38), "#e7dcc6", 2)
    _ellipse(pen, (288, 90, 418, 218), "#dc2626")
    _ellipse(pen, (328, 102, 358, 132), "#fecaca")


def _pillow(pen: Pen, colour: str) -> None:
    """For the bedroom: two pillows."""
    _box(pen, (215, 190, 505, 330), "#cbd5e1", 60)
    _box(pen, (190, 275, 530, 412), colour, 64)


def _blocks(pen: Pen, colour: str) -> None:
    """Toys: blocks and a ball."""
    for left, top, shade in ((230, 312, colour), (335, 312, DARK), (282, 212, "#f59e0b")):
        _box(pen, (left, top, left + 100, top + 100), shade, 10)
    _shape(pen, [(282, 212), (382, 212), (332, 120)], "#dc2626")
    _ellipse(pen, (455, 302, 565, 412), "#16a34a")


def _parcel(pen: Pen, colour: str) -> None:
    """Anything else."""
    _box(pen, (225, 170, 495, 412), colour)
    _box(pen, (342, 170, 378, 412), LIGHT, 0)


_MOTIFS: dict[str, Callable[[Pen, str], None]] = {
    "abarrotes": _bag,
    "hogar": _pot,
    "electronica": _headphones,
    "moda": _shirt,
    "belleza": _bottles,
    "ocio": _books,
    "recamara": _pillow,
    "juguetes": _blocks,
}
