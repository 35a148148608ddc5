"""Pages of the back office beside the admin's own; included before them, below the same prefix."""

from django.urls import path

from . import second_factor

app_name = "backoffice"
urlpatterns = [
    path("second-factor/", second_factor.code, name="code"),
    path("second-factor/set-up/", second_factor.enrol, name="enrol"),
    path("confirm/", second_factor.confirm, name="confirm"),
]
