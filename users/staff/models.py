"""Staff: departments, and who may do what inside them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from users.accounts.models import User


class Department(UUIDModel):
    """A part of the shop with its own shelves and people."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("slug"), max_length=80, unique=True)

    class Meta:
        app_label = "users"
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DepartmentMember(UUIDModel):
    """A person's keys in one department (`core.access.KEYS`)."""

    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.CASCADE, related_name="members"
    )
    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+")
    keys = models.JSONField(_("keys"), default=list)

    class Meta:
        app_label = "users"
        verbose_name = _("department member")
        verbose_name_plural = _("department members")
        constraints = [models.UniqueConstraint(fields=["department", "user"], name="users_department_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.department_id}"
