"""Catalogue rows for tests, here and in other contexts."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from stores.catalog import listings
from stores.catalog.models import Brand, Category, Product, ProductImage, Variant
from stores.merchants.tests.factories import StoreFactory
from users.staff.tests.factories import DepartmentFactory


class CategoryFactory(DjangoModelFactory):
    """A category of a department of its own, or below `parent`."""

    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Categoría {n}")
    slug = factory.Sequence(lambda n: f"categoria-{n}")
    parent = None
    department = factory.Maybe(
        "parent", factory.SelfAttribute("parent.department"), factory.SubFactory(DepartmentFactory)
    )
    path = factory.LazyAttribute(lambda row: f"{row.parent.path if row.parent else ''}{row.id.hex}/")
    id = factory.LazyFunction(Category._meta.pk.get_default)


class BrandFactory(DjangoModelFactory):
    """A brand."""

    class Meta:
        model = Brand

    name = factory.Sequence(lambda n: f"Marca {n}")
    slug = factory.Sequence(lambda n: f"marca-{n}")


class ProductFactory(DjangoModelFactory):
    """A published product of an open store."""

    class Meta:
        model = Product

    store = factory.SubFactory(StoreFactory)
    category = factory.SubFactory(CategoryFactory)
    name = factory.Sequence(lambda n: f"Plato de talavera {n}")
    slug = factory.Sequence(lambda n: f"plato-de-talavera-{n}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **columns: Any) -> Product:
        product: Product = super()._create(model_class, *args, **columns)
        listings.refresh([product.pk])
        return product


class VariantFactory(DjangoModelFactory):
    """A variant at 349.00 in its store's currency."""

    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory)
    store = factory.SelfAttribute("product.store")
    sku = factory.Sequence(lambda n: f"SKU-{n}")
    price_minor = 34_900
    currency = factory.SelfAttribute("product.store.currency")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **columns: Any) -> Variant:
        variant: Variant = super()._create(model_class, *args, **columns)
        listings.refresh([variant.product_id])
        return variant


class ProductImageFactory(DjangoModelFactory):
    """A picture's row, without files."""

    class Meta:
        model = ProductImage

    product = factory.SubFactory(ProductFactory)
    file = factory.Sequence(lambda n: f"products/{n:032x}-{n:012x}.webp")
    thumbnail = factory.Sequence(lambda n: f"products/thumbnails/{n:032x}-{n:012x}.webp")
    width = 1600
    height = 1200
    digest = factory.Sequence(lambda n: f"{n:064x}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **columns: Any) -> ProductImage:
        # As rows, not as uploads: Django would open the files to measure them.
        image = ProductImage(**{name: value for name, value in columns.items() if name not in {"file", "thumbnail"}})
        image.file.name, image.thumbnail.name = columns["file"], columns["thumbnail"]
        ProductImage.objects.bulk_create([image])
        listings.refresh([image.product_id])
        return image
