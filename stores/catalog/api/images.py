"""`market/products/{product_id}/images/`."""

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.fields import CharField, IntegerField, ModelSerializer
from marketplace.core.http.parsing import StrictJSONParser, TooLargeError
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import selectors, services
from stores.catalog.models import Product, ProductImage
from stores.catalog.pictures import MAX_BYTES, too_large

from .presenting import ShownImageSerializer, media_root

MAX_POSITION = 1_000
_ENVELOPE = 64 * 1024  # boundaries and the other fields of a form

RESPONSE = OpenApiExample(
    "image",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d61",
        "url": "https://shop.example/media/products/5d41402abc4b2a76b9719d911017c592-0d2f1b3c4d61.webp",
        "thumbnail": "https://shop.example/media/products/thumbnails/7d793037a0760186-0d2f1b3c4d61.webp",
        "alternative_text": "Plato azul y blanco",
        "position": 0,
        "width": 1600,
        "height": 1200,
    },
    response_only=True,
)


class UploadParser(MultiPartParser):
    """A form with one file; a body past the limit is refused before it is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises 413."""
        request = (parser_context or {})["request"]
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not length.isdigit() or int(length) > MAX_BYTES + _ENVELOPE:
            raise TooLargeError
        return super().parse(stream, media_type, dict(parser_context or {}))


class PositionField(IntegerField):
    """Forms carry texts: digits count as the number they write."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= 4:
            data = int(data)
        return super().to_internal_value(data)


class ImageSerializer(ModelSerializer):
    """A picture of a product."""

    file = serializers.FileField(
        write_only=True,
        use_url=False,
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB and 25 megapixels. Of a moving one the first frame is kept."),
    )
    alternative_text = CharField(required=False, allow_blank=True, max_length=200)
    position = PositionField(
        required=False, min_value=0, max_value=MAX_POSITION, help_text=_("The lowest is the product's face.")
    )

    class Meta:
        model = ProductImage
        fields = ["id", "file", "alternative_text", "position", "width", "height"]

    def validate_file(self, file: "UploadedFile[Any]") -> "UploadedFile[Any]":
        if (file.size or 0) > MAX_BYTES:
            raise too_large()
        return file

    def to_representation(self, instance: ProductImage) -> dict[str, Any]:
        media = self.context["media"]
        return {
            "id": str(instance.pk),
            "url": media + (instance.file.name or ""),
            "thumbnail": media + (instance.thumbnail.name or ""),
            "alternative_text": instance.alternative_text,
            "position": instance.position,
            "width": instance.width,
            "height": instance.height,
        }


class ImageChangeSerializer(ImageSerializer):
    """What of a picture can be changed: another picture is another upload."""

    class Meta:
        model = ProductImage
        fields = ["alternative_text", "position"]


class StoredImageSerializer(ShownImageSerializer):
    """A picture with its place."""

    position = IntegerField(read_only=True)


UPLOAD = OpenApiExample(
    "a picture",
    {"file": "(the content of plato.jpg)", "alternative_text": "Plato azul y blanco"},
    request_only=True,
    media_type="multipart/form-data",
)


@extend_schema(tags=["market: products"])
@extend_schema_view(
    list=extend_schema(
        summary="List a product's pictures",
        description="For anyone, in the order they are shown in.",
        responses=StoredImageSerializer(many=True),
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="Read a picture", description="For anyone.", responses=StoredImageSerializer, examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Add a picture",
        description="A form (`multipart/form-data`) for staff whose `catalog:write` reaches the product. The picture "
        "is made anew as WebP, upright and without metadata, at most 2,000 pixels wide and high, with a thumbnail. "
        "Refusals: `image_refused`, `image_too_large` (400), `too_large` (413), `image_already_there`, "
        "`too_many_images` (409).",
        request={"multipart/form-data": ImageSerializer},
        responses={201: StoredImageSerializer},
        examples=[UPLOAD, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a picture's text or place",
        description="For staff whose `catalog:write` reaches the product.",
        request={"application/json": ImageChangeSerializer},
        responses=StoredImageSerializer,
        examples=[OpenApiExample("first", {"position": 0}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a picture",
        description="Its files are gone as well. For staff whose `catalog:write` reaches the product.",
    ),
)
class ImageViewSet(ViewSet):
    """Pictures live inside their product."""

    queryset = ProductImage.objects.none()
    serializer_class = ImageSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filter_backends: list[Any] = []
    cursor_field = "position"

    def get_parsers(self) -> list[Any]:
        request: Request | None = self.request  # none while the schema is made
        is_upload = request is not None and request.method == "POST"
        return [UploadParser()] if is_upload else [StrictJSONParser()]

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "media": media_root(self.request)}

    def list(self, request: Request, product_id: UUID) -> Response:
        return self.present_page(self._images(product_id))

    def retrieve(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        return self.present(get_object_or_404(self._images(product_id), pk=pk))

    def create(self, request: Request, product_id: UUID) -> Response:
        product = self._product(product_id)
        values = self.read(request)
        upload: UploadedFile[Any] = values.pop("file")
        image = services.add_image(product=product, upload=upload.read(), **values, actor_id=request.user.pk)
        return self.present(image, status=201)

    def partial_update(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        image = get_object_or_404(self._images(product_id), pk=pk)
        changes = self.read(request, partial=True, instance=image, serializer=ImageChangeSerializer)
        services.change_image(image=image, changes=changes, actor_id=request.user.pk)
        return self.present(image)

    def destroy(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        services.delete_image(image=get_object_or_404(self._images(product_id), pk=pk), actor_id=request.user.pk)
        return Response(status=204)

    def _product(self, product_id: UUID) -> Product:
        """To read: what the caller may see. To write: what is within reach; the rest does not exist."""
        user = self.request.user
        if self.action in {"list", "retrieve"}:
            return get_object_or_404(selectors.visible_products(user), pk=product_id)
        return get_object_or_404(selectors.products_within(user, "catalog:write"), pk=product_id)

    def _images(self, product_id: UUID) -> QuerySet[ProductImage]:
        return selectors.images_of(self._product(product_id))
