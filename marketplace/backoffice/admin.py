"""Pages of other people's apps in this admin's looks (as django-unfold's documentation does it)."""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django_celery_beat import admin as beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from django_celery_results.admin import GroupResultAdmin as GroupResultPages
from django_celery_results.admin import TaskResultAdmin as TaskResultPages
from django_celery_results.models import GroupResult, TaskResult
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.admin_lists import ModelAdmin

admin.site.unregister([PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule])
admin.site.unregister([TaskResult, GroupResult])
# Secrets. Setting up is the owner's page, forgetting an action of the accounts.
admin.site.unregister([TOTPDevice, StaticDevice])


class TaskSelectWidget(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The choice of registered tasks, dressed."""


class PeriodicTaskForm(beat.PeriodicTaskForm):
    """The form, dressed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelectWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):
    """What beat ticks."""

    form = PeriodicTaskForm


@admin.register(IntervalSchedule, SolarSchedule)
class ScheduleAdmin(ModelAdmin):
    """Every so often, or by the sun."""


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat.CrontabScheduleAdmin, ModelAdmin):
    """By the clock."""


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(beat.ClockedScheduleAdmin, ModelAdmin):
    """Once."""


@admin.register(TaskResult)
class TaskResultAdmin(TaskResultPages, ModelAdmin):
    """What tasks answered."""


@admin.register(GroupResult)
class GroupResultAdmin(GroupResultPages, ModelAdmin):
    """What groups of tasks answered."""


@admin.register(AccessAttempt)
class FailedLoginAdmin(ReadOnlyAdmin):
    """Wrong passwords at the log-in page. Deleting a row lets the person try again at once."""

    list_display = ["username", "ip_address", "failures_since_start", "attempt_time"]
    search_fields = ["username", "ip_address"]
    fields = ["username", "ip_address", "failures_since_start", "attempt_time"]
    ordering = ["-attempt_time"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
