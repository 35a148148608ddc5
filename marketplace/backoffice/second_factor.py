"""Pages that ask who somebody is, beyond the password: set up a second factor, give its code, confirm again."""

from typing import Any
from uuid import UUID

import django_otp
import segno
from django import forms
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from marketplace.core.admin_recent import FILLING_IN, ask, is_recent, note_login, proved_within
from marketplace.core.errors import DomainError
from marketplace.core.http.throttling import AuthRateLimit, within_rate
from users.facade import (
    SecondFactorPresentError,
    WrongCodeError,
    begin_second_factor,
    check_second_factor,
    confirm_second_factor,
    has_second_factor,
)


class CodeForm(forms.Form):
    """Six digits of the application, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=16,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text", "spellcheck": "false"}
        ),
    )


class ConfirmForm(CodeForm):
    """The password again, and the code of whoever has a second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ["password", "code"]

    def __init__(self, *args: Any, with_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_code:
            del self.fields["code"]
        else:
            self.fields["code"].widget.attrs.pop("autofocus")


def is_proven(request: HttpRequest) -> bool:
    """Whether this session gave the code of a device that the account still has."""
    device_id = request.session.get(django_otp.DEVICE_ID_SESSION_KEY)
    if device_id is None:
        return False
    device = django_otp.models.Device.from_persistent_id(device_id)
    return device is not None and device.user_id == request.user.pk and device.confirmed


@never_cache
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Scan the QR code, give the first code, and keep the recovery codes: they are shown this once."""
    if not _may_enter(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    try:
        enrolment = begin_second_factor(account_id=_account(request))
    except SecondFactorPresentError:
        return HttpResponseRedirect(f"{reverse('backoffice:code')}?{request.GET.urlencode()}")
    # Whoever finds a browser open must not make its account theirs, nor pass for somebody who was asked again.
    if not (is_recent(request) or (request.method == "POST" and proved_within(request, timezone.now(), FILLING_IN))):
        return ask(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device, codes = confirm_second_factor(account_id=_account(request), code=form.cleaned_data["code"])
        except DomainError as error:
            form.add_error("code", _(error.message))
        else:
            django_otp.login(request, device)
            return _page(request, "admin/recovery_codes.html", title=_("Recovery codes"), codes=codes)
    picture = segno.make(enrolment.uri, error="m").svg_inline(scale=4, dark="#000", light="#fff", border=2)
    return _page(
        request,
        "admin/second_factor_enrol.html",
        title=_("Set up the second factor"),
        form=form,
        picture=mark_safe(picture),  # noqa: S308  # segno draws squares; the account's name is inside them
        secret=" ".join(enrolment.secret[i : i + 4] for i in range(0, len(enrolment.secret), 4)),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The code of the second factor, after the password."""
    if not _may_enter(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _prove(request, form, form.cleaned_data["code"]):
        return _go_on(request)
    return _page(request, "admin/second_factor_code.html", title=_("Second factor"), form=form)


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Still the same person? The password again, and the code of whoever has one."""
    if not _may_enter(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    form = ConfirmForm(request.POST or None, with_code=has_second_factor(_account(request)))
    if request.method == "POST" and form.is_valid() and _knows_password(request, form):
        given = form.cleaned_data.get("code")
        if given is None or _prove(request, form, given):
            note_login(request, timezone.now())
            return _go_on(request)
    return _page(request, "admin/second_factor_code.html", title=_("Confirm who you are"), form=form)


def _may_enter(request: HttpRequest) -> bool:
    return admin.site.has_permission(request)


def _account(request: HttpRequest) -> UUID:
    pk: UUID = request.user.pk  # type: ignore[assignment]  # `_may_enter` came before
    return pk


def _knows_password(request: HttpRequest, form: ConfirmForm) -> bool:
    if not within_rate(AuthRateLimit.scope, str(_account(request))):
        form.add_error(None, _("Too many tries. Please wait a minute."))
    elif not request.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("The password is wrong."))
    return form.is_valid()


def _prove(request: HttpRequest, form: forms.Form, given: str) -> bool:
    try:
        device = check_second_factor(account_id=_account(request), code=given)
    except WrongCodeError as error:
        form.add_error("code", _(error.message))
        return False
    django_otp.login(request, device)
    return True


def _go_on(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = reverse("admin:index")
    return HttpResponseRedirect(wanted)


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})
