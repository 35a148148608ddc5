"""A page beside the campaign editor: what the campaign would have cost on the orders of the last days."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.core.formatting import shown_amount
from promotions.facade import CampaignNotFoundError
from purchases.facade import preview_campaign

DAYS = 7
TEMPLATE = "admin/campaign_preview.html"


def campaign_preview(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """For whoever may see campaigns."""
    if not request.user.has_perm("promotions.view_campaign"):
        raise PermissionDenied
    try:
        preview = preview_campaign(campaign_id, at=timezone.now(), days=DAYS)
    except CampaignNotFoundError as error:
        raise Http404 from error
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("What the campaign would have cost"),
        "preview": preview,
        "revenue": ", ".join(map(shown_amount, preview.revenue)) or "–",
        "discount": ", ".join(map(shown_amount, preview.discount)) or "–",
        "days": [(day, shown_amount(day.revenue), shown_amount(day.discount)) for day in preview.days],
    }
    return TemplateResponse(request, TEMPLATE, context)
