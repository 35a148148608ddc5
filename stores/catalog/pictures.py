"""Pictures are made anew from their pixels: nothing else of an upload is kept, and nothing is decoded that is too much.

Refused before any pixel is decoded: what is too large in bytes or pixels, and every format but four (no SVG, which is
a program). A file that is a picture and something else besides comes out as a picture alone.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageOps

from .errors import ImageRefusedError, ImageTooLargeError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
MAX_SIDE = 2_000
THUMBNAIL_SIDE = 320
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
EXTENSION = "webp"
_QUALITY = 82
# What Pillow's readers raise for files that are not what they say.
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError),
    *(struct.error, zlib.error, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An upload made anew. `digest` is the upload's own SHA-256."""

    main: bytes
    thumbnail: bytes
    width: int
    height: int
    digest: str


def remake(upload: bytes) -> Picture:
    """The picture of an upload: upright, without metadata, at most 2,000 pixels a side, in WebP; its first frame.

    Raises `ImageTooLargeError` (5 MB, 25 megapixels), `ImageRefusedError` for anything that is no whole picture.
    """
    if len(upload) > MAX_BYTES:
        raise too_large()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks about odd files; what is wrong with them is raised
        try:
            image = _within(_upright(_opened(upload)), MAX_SIDE)
            main, thumbnail = _encoded(image), _encoded(_within(image, THUMBNAIL_SIDE))
        except _BROKEN as error:
            raise ImageRefusedError from error
    return Picture(main, thumbnail, image.width, image.height, sha256(upload).hexdigest())


def too_large() -> ImageTooLargeError:
    """With its limits."""
    return ImageTooLargeError(megabytes=MAX_BYTES // 1024 // 1024, megapixels=MAX_PIXELS // 1_000_000)


def _opened(upload: bytes) -> Image.Image:
    """The picture, not yet decoded. Its header says how many pixels would be."""
    try:
        image: Image.Image = Image.open(BytesIO(upload), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise too_large() from error
    if image.width * image.height > MAX_PIXELS:
        raise too_large()
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG is decoded no larger than it is kept
    return image


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # a cut file is found out here
    turned = ImageOps.exif_transpose(image)
    if turned.mode in {"RGB", "RGBA"}:
        return turned
    has_alpha = "A" in turned.mode or "transparency" in turned.info
    return turned.convert("RGBA" if has_alpha else "RGB")


def _within(image: Image.Image, side: int) -> Image.Image:
    """A copy no wider or higher than that, without anything but pixels."""
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _encoded(image: Image.Image) -> bytes:
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = BytesIO()
    bare.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()
