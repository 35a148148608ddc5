"""Pictures: made anew from their pixels, kept in order, gone with their row; what is no picture changes nothing."""

import struct
import zlib
from io import BytesIO
from typing import Any, cast

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from stores.catalog.errors import ImageRefusedError, ImageTooLargeError
from stores.catalog.models import ProductImage
from stores.catalog.pictures import remake

from .factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db
ORIENTATION, SIXTH = 0x0112, 6


def picture(size: tuple[int, int] = (60, 40), kind: str = "JPEG", colour: str = "navy", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(options.pop("mode", "RGB"), size, colour).save(out, kind, **options)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A file of some dozens of bytes that says it holds very many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def upload(content: bytes, name: str = "plato.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def url(product: Any, image: Any = "") -> str:
    return f"/api/v1/market/products/{product.pk}/images/{image and f'{image}/'}"


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def test_metadata_is_gone_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = SIXTH
    exif[0x010E] = "a secret place"

    made = remake(picture((60, 40), exif=exif, comment=b"a secret place"))

    assert (made.width, made.height) == (40, 60)
    assert opened(made.main).format == "WEBP"
    assert dict(opened(made.main).getexif()) == {}
    assert b"secret" not in made.main + made.thumbnail


def test_large_pictures_are_kept_as_large_as_a_page_shows_them():
    made = remake(picture((4_000, 1_000)))

    assert (made.width, made.height) == (2_000, 500)
    assert opened(made.main).size == (2_000, 500)
    assert opened(made.thumbnail).size == (320, 80)


@pytest.mark.parametrize(
    ("kind", "mode", "colour"),
    [("PNG", "RGBA", "navy"), ("PNG", "P", 3), ("PNG", "L", 9), ("PNG", "1", 1), ("PNG", "I;16", 900),
     ("PNG", "LA", (7, 9)), ("JPEG", "CMYK", "navy"), ("GIF", "P", 3), ("WEBP", "RGB", "navy")],
)  # fmt: skip
def test_every_kind_of_pixels_is_taken(kind, mode, colour):
    assert opened(remake(picture(kind=kind, mode=mode, colour=colour)).main).size == (60, 40)


def test_of_a_moving_picture_the_first_frame_is_kept():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)

    made = opened(remake(out.getvalue()).main)

    assert getattr(made, "n_frames", 1) == 1
    red, _green, blue = cast(tuple[int, int, int], made.convert("RGB").getpixel((10, 10)))
    assert red > blue + 100


def test_what_follows_a_picture_in_its_file_is_not_kept():
    made = remake(picture() + b"<script>alert(1)</script>")

    assert b"script" not in made.main + made.thumbnail


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a<script>",
        b"%PDF-1.4",
        picture()[:-40],
        picture(kind="PNG")[:60],
        picture(kind="BMP"),
        picture(kind="TIFF"),
        picture(kind="ICO", size=(32, 32)),
        png_claiming(10, 10),
        png_claiming(0, 10),
    ],
)
def test_what_is_no_whole_picture_is_refused(content):
    with pytest.raises(ImageRefusedError):
        remake(content)


@pytest.mark.parametrize("size", [(5_001, 5_000), (25_000_001, 1), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_one_is_decoded(size):
    with pytest.raises((ImageTooLargeError, ImageRefusedError)):
        remake(png_claiming(*size))


def test_twenty_five_megapixels_are_not_too_many():
    with pytest.raises(ImageRefusedError):  # it is cut, and that is only seen on decoding
        remake(png_claiming(5_000, 5_000))


def test_clerk_adds_orders_and_deletes_pictures(api, clerk_of, django_capture_on_commit_callbacks):
    product = ProductFactory()
    api.force_authenticate(clerk_of(product.category.department))

    first = api.post(url(product), {"file": upload(picture()), "alternative_text": "Azul"}, format="multipart")
    second = api.post(url(product), {"file": upload(picture(colour="red")), "position": "0"}, format="multipart")

    assert (first.status_code, second.status_code) == (201, 201), (first.json(), second.json())
    moved = api.patch(url(product, first.json()["id"]), {"position": 5, "alternative_text": "Rojo"}, format="json")
    assert (moved.json()["position"], moved.json()["alternative_text"]) == (5, "Rojo")
    api.force_authenticate(None)
    shown = api.get(f"/api/v1/market/products/{product.pk}/").json()
    assert [row["id"] for row in shown["images"]] == [second.json()["id"], first.json()["id"]]
    assert shown["thumbnail"] == second.json()["thumbnail"]
    listed = api.get(f"/api/v1/market/products/?store={product.store_id}").json()["results"]
    assert listed == [shown]

    served = api.get(second.json()["url"])
    assert opened(b"".join(served.streaming_content)).size == (60, 40)
    assert served["Content-Type"] == "image/webp"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in served["Cache-Control"]

    api.force_authenticate(clerk_of(product.category.department))
    row = ProductImage.objects.get(pk=second.json()["id"])
    names = [str(row.file.name), str(row.thumbnail.name)]
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(url(product, row.pk)).status_code == 204
        assert all(default_storage.exists(name) for name in names)
    assert not any(default_storage.exists(name) for name in names)
    assert [row["id"] for row in api.get(url(product)).json()["results"]] == [first.json()["id"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"file": "text"}, 400, "invalid"),
        ({"file": upload(b"", "x.jpg")}, 400, "invalid"),
        ({"file": upload(b"nothing")}, 400, "image_refused"),
        ({"file": upload(b"<svg/>", "x.svg")}, 400, "image_refused"),
        ({"file": upload(b"x" * (5 * 1024 * 1024 + 1))}, 400, "image_too_large"),
        ({"file": upload(b"x" * (6 * 1024 * 1024))}, 413, "too_large"),
        ({"file": upload(picture()), "position": "-1"}, 400, "invalid"),
        ({"file": upload(picture()), "position": "１"}, 400, "invalid"),
        ({"file": upload(picture()), "alternative_text": "x" * 201}, 400, "invalid"),
    ],
)
def test_bad_uploads_change_nothing(api, administrator, body, status, code):
    product = ProductFactory()
    api.force_authenticate(administrator)
    for value in body.values():
        if hasattr(value, "seek"):
            value.seek(0)

    answer = api.post(url(product), body, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not ProductImage.objects.exists()


def test_a_picture_is_there_once_and_ten_are_the_most(api, administrator):
    product = ProductFactory()
    api.force_authenticate(administrator)
    assert api.post(url(product), {"file": upload(picture())}, format="multipart").status_code == 201
    files = _files()

    again = api.post(url(product), {"file": upload(picture())}, format="multipart")
    for _ in range(9):
        ProductImageFactory(product=product)
    eleventh = api.post(url(product), {"file": upload(picture(colour="red"))}, format="multipart")

    assert [(a.status_code, a.json()["code"]) for a in (again, eleventh)] == [
        (409, "image_already_there"),
        (409, "too_many_images"),
    ]
    assert ProductImage.objects.count() == 10
    assert _files() == files


def _files() -> set[str]:
    try:
        return set(default_storage.listdir("products")[1])
    except OSError:
        return set()


def test_pictures_of_a_foreign_department_are_out_of_reach(api, clerk_of):
    image = ProductImageFactory()
    api.force_authenticate(clerk_of(ProductFactory().category.department))

    answers = [
        api.post(url(image.product), {"file": upload(picture())}, format="multipart"),
        api.patch(url(image.product, image.pk), {"position": 3}, format="json"),
        api.delete(url(image.product, image.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert list(ProductImage.objects.values_list("pk", "position")) == [(image.pk, 0)]


@pytest.mark.parametrize(
    "name", ["../db.sqlite3", "products/../../db.sqlite3", "products/x.webp", "mail/1.log", "products/", ""]
)
def test_nothing_but_pictures_is_served(api, name):
    assert api.get(f"/media/{name}").status_code == 404


def test_media_is_left_to_the_web_server_where_it_says_so(api, settings):
    settings.SERVE_MEDIA = False

    assert api.get(f"/media/products/{'0' * 32}-{'0' * 12}.webp").status_code == 404
