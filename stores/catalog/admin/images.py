"""Pictures on their product's page."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from marketplace.core.admin_forms import ScopedInline, refusal_text
from stores.catalog import services
from stores.catalog.models import Product, ProductImage
from stores.catalog.pictures import MAX_BYTES, too_large


def preview(name: str, text: str) -> str:
    """A small picture."""
    style = "height:48px;width:48px;object-fit:cover;border-radius:4px"
    return format_html('<img src="{}{}" alt="{}" style="{}" loading="lazy">', settings.MEDIA_URL, name, text, style)


class ImageForm(forms.ModelForm):  # type: ignore[type-arg]
    """A picture; another picture is another row."""

    upload = forms.FileField(label=_("picture"), widget=UnfoldAdminFileFieldWidget)

    class Meta:
        model = ProductImage
        fields = ["alternative_text", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["upload"].disabled = True
            self.fields["upload"].required = False

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload is not None and (upload.size or 0) > MAX_BYTES:
            raise ValidationError(refusal_text(too_large()))
        return upload


class ImageInline(ScopedInline):
    """In the order they are shown in."""

    model = ProductImage
    form = ImageForm
    fields = ["shown", "upload", "alternative_text", "position"]
    readonly_fields = ["shown"]
    max_num = services.MAX_IMAGES

    @admin.display(description=_("preview"))
    def shown(self, image: ProductImage) -> str:
        return preview(image.thumbnail.name or "", image.alternative_text) if image.thumbnail else "—"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImage]:
        return ProductImage.objects.order_by("position", "pk")


def save_image(product: Product, row: Any, *, is_deleted: bool, request: HttpRequest) -> None:
    """As the form says, through the services."""
    actor_id, values = request.user.pk, row.cleaned_data
    if row.instance._state.adding:
        if values.get("upload") and not is_deleted:
            services.add_image(
                product=product,
                upload=values["upload"].read(),
                alternative_text=values["alternative_text"],
                position=values["position"] if "position" in row.changed_data else None,
                actor_id=actor_id,
            )
        return
    image = ProductImage.objects.get(pk=row.instance.pk)
    if is_deleted:
        services.delete_image(image=image, actor_id=actor_id)
    elif row.has_changed():
        changes = {name: values[name] for name in ("alternative_text", "position") if name in row.changed_data}
        services.change_image(image=image, changes=changes, actor_id=actor_id)
