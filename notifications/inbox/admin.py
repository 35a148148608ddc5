"""Messages and who has them, to look at."""

from django.contrib import admin
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator

from marketplace.core.admin import ReadOnlyAdmin

from .models import InboxItem, Message
from .rendering import render


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What was said."""

    list_display = ["created_at", "kind", "title", "recipient"]
    list_filter = ["kind"]
    search_fields = ["=dedupe_key", "=recipient"]
    date_hierarchy = "created_at"
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["kind", "title", "body", "params", "dedupe_key", "recipient", "created_at"]
    readonly_fields = fields

    @admin.display(description=_("title"))
    def title(self, message: Message) -> str:
        """In the language of whoever looks."""
        return render(message, translation.get_language()).title

    @admin.display(description=_("text"))
    def body(self, message: Message) -> str:
        """In the language of whoever looks."""
        return render(message, translation.get_language()).body


@admin.register(InboxItem)
class InboxItemAdmin(ReadOnlyAdmin):
    """Who has it. Millions of rows: nobody counts them."""

    list_display = ["id", "customer", "message", "created_at", "read_at"]
    list_select_related = ["message"]
    search_fields = ["=customer"]
    search_help_text = _("the customer's id, whole")
    ordering = ["-id"]
    paginator = InfinitePaginator
    show_full_result_count = False
