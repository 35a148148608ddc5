"""Headers that tell a browser what an answer may do: Content-Security-Policy and Permissions-Policy."""

from http import HTTPStatus

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import default_config
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class BrowserPolicyMiddleware(CSPMiddleware):
    """Pages get the policy of their path's prefix, everything else one under which nothing loads and nothing runs.

    A view that has set a policy keeps it. Where a page needs more for itself, django-csp's decorators say so.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or response.status_code == HTTPStatus.NOT_MODIFIED:
            # The way of every answer of the API: nothing to put together.
            response.headers.setdefault(HEADER, settings.CONTENT_SECURITY_POLICY_OF_DATA)
            return response
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only:
            parts.config = default_config(_directives(request.path_info))
        return parts


def _directives(path: str) -> dict[str, object]:
    """The directives for a page of that path."""
    for prefix, directives in settings.CONTENT_SECURITY_POLICY_BY_PREFIX.items():
        if path.startswith(prefix):
            return dict(directives)
    return dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
