"""One route, and the one by which the bench sees that it is up."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from .views import HoldView


def up(_request: HttpRequest) -> HttpResponse:
    """200."""
    return HttpResponse("up")


urlpatterns = [path("healthz", up), path("holds/", HoldView.as_view())]
