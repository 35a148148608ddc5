"""Merchants: stores, where they are, whether they sell now, and who runs them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel


class Store(VersionedModel):
    """A shop of one merchant. It carries one currency and one catalogue language; only an open store sells."""

    class State(models.TextChoices):
        """Open sells; paused is back soon; closed is not coming back by itself."""

        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=140, unique=True)
    latitude = models.FloatField(_("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(_("longitude"), validators=[MinValueValidator(-180), MaxValueValidator(180)])
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=8, default="es")
    commission_bp = models.PositiveIntegerField(_("commission (hundredths of a percent)"), default=1_000)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="stores_store_on_earth",
                violation_error_message=_("Latitude goes from -90 to 90, longitude from -180 to 180."),
            ),
            models.CheckConstraint(
                condition=Q(commission_bp__lte=10_000),
                name="stores_commission_at_most_all",
                violation_error_message=_("A commission has at most 10,000 basis points."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StoreMember(UUIDModel):
    """A merchant's person. Owners also decide who is a member."""

    class Role(models.TextChoices):
        """Owner or member."""

        OWNER = "owner", _("owner")
        MEMBER = "member", _("member")

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey("users.User", on_delete=models.CASCADE, related_name="+", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        app_label = "stores"
        verbose_name = _("store member")
        verbose_name_plural = _("store members")
        constraints = [models.UniqueConstraint(fields=["store", "user"], name="stores_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.store_id}"
