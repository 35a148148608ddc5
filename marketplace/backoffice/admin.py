"""Pages of other people's apps in this admin's looks (as django-unfold's documentation does it)."""

from typing import Any

from django.contrib import admin
from django_celery_beat import admin as beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from django_celery_results.admin import GroupResultAdmin as GroupResultPages
from django_celery_results.admin import TaskResultAdmin as TaskResultPages
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

admin.site.unregister([PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule])
admin.site.unregister([TaskResult, GroupResult])


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
