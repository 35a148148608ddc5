"""Coming and going: log-in by e-mail address, registration with a proof by mail, log-out."""

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.core.errors import InvalidInputError
from marketplace.core.http.throttling import AuthRateLimit, MailRateLimit, client_address, network_of, within_rate
from marketplace.demo.logins import CUSTOMERS, DEMO_PASSWORD, DemoLogin, existing_demo_logins
from users import facade as users

from .answers import account_id, back_home, page, reverse_home, signed_in
from .cards import customer_of
from .forms import LogInForm, RegistrationForm, add_refusal


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@page
def log_in(request: HttpRequest) -> HttpResponse:
    """Open a session. Tries are counted with the API's and the back office's, wrong ones lock for a while."""
    form = LogInForm(_sent(request))
    if request.method == "POST" and _is_within(request, AuthRateLimit.scope, form) and form.is_valid():
        user = auth.authenticate(
            request, username=form.cleaned_data["username"].lower(), password=form.cleaned_data["password"]
        )
        if user is not None:
            auth.login(request, user)
            return _in_their_language(request, HttpResponseRedirect(_next(request)))
        form.add_error(None, _("The e-mail address or the password is wrong."))
    context = {"form": form, "next": _next(request), "demo_logins": _demo_logins(), "demo_password": DEMO_PASSWORD}
    return render(request, "storefront/login.html", context, status=400 if form.errors else 200)


@require_POST
@page
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return redirect("storefront:home")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@page
def register(request: HttpRequest) -> HttpResponse:
    """Make an account. The answer is the same for an address that has one; the mail says the rest."""
    form = RegistrationForm(_sent(request))
    if request.method == "POST" and _is_within(request, MailRateLimit.scope, form) and form.is_valid():
        try:
            users.register_account(**form.cleaned_data, language=get_language() or "")
        except InvalidInputError as error:
            add_refusal(form, error)
        else:
            return render(request, "storefront/registered.html", {"email": form.cleaned_data["email"]})
    return render(request, "storefront/register.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@page
@signed_in
def resend_verification(request: HttpRequest) -> HttpResponse:
    """Send the proof again, to the address of the account alone."""
    if not within_rate(MailRateLimit.scope, str(account_id(request))):
        return back_home(request, _("Too many tries. Please wait a minute."), is_refused=True)
    users.request_verification(email=request.user.get_username())
    return back_home(request, _("The mail is on its way. Open the link in it, then come back."))


def _sent(request: HttpRequest) -> QueryDict | None:
    """What was sent; an empty form is one, too."""
    return request.POST if request.method == "POST" else None


def _is_within(request: HttpRequest, scope: str, form: Any) -> bool:
    """Before any password is looked at."""
    is_within = within_rate(scope, network_of(client_address(request)))
    if not is_within:
        form.add_error(None, _("Too many tries. Please wait a minute."))
    return is_within


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse_home()


def _in_their_language(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Whoever chose no language here reads the one of their profile."""
    customer = customer_of(account_id(request))
    if customer is not None and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, customer.language, samesite="Lax")
    return response


def _demo_logins() -> list[DemoLogin]:
    if not settings.SHOW_DEMO_LOGINS:
        return []
    return [login for login in existing_demo_logins() if login in CUSTOMERS]
