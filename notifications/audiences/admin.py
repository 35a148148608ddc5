"""How far audiences have been told, to look at."""

from django.contrib import admin

from marketplace.core.admin import ReadOnlyAdmin

from .models import FanOut


@admin.register(FanOut)
class FanOutAdmin(ReadOnlyAdmin):
    """How far telling an audience has come."""

    list_display = ["message", "told_count", "expected_count", "started_at", "finished_at", "stopped_at"]
    list_select_related = ["message"]
    ordering = ["-started_at"]
