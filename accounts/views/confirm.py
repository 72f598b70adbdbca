"""Who is there? Asked again before what touches the ways back."""

import json
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import codes
from accounts.codes import Code
from accounts.forms.entry import CodeForm
from accounts.forms.passkeys import PasskeyConfirmForm
from accounts.forms.security import ConfirmPasswordForm
from accounts.limits import may_try_password, may_try_to_enter
from accounts.models import User
from accounts.requests import Request
from accounts.stages import has_second_factor
from accounts.views.entry import locked_code, send_again, send_first, wrong_code
from accounts.views.parts import next_of, too_many
from accounts.ways import phone_as_written, ways_back, where_to_write

door = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters("password")
@never_cache
@login_required
@door
def confirm(request: Request) -> HttpResponse:
    """
    Password, code, application or key: whatever the person has.

    Who has a second factor proves it with that factor: a mail alone would
    undo what it protects.
    """
    user = _person(request)
    strong = has_second_factor(user)
    password = ConfirmPasswordForm()
    application = ReauthenticateForm(user=user)
    if request.method == "POST":
        if not may_try_to_enter(request):
            return too_many(request)
        match request.POST.get("action"):
            case "password" if not strong and user.has_usable_password():
                password = ConfirmPasswordForm(request.POST)
                if _password_is_right(request, user, password):
                    record_authentication(request, user, "password", reauthenticated=True)
                    return redirect(next_of(request) or "security")
            case "application" if strong:
                application = ReauthenticateForm(request.POST, user=user)
                if application.is_valid():
                    application.save()
                    return redirect(next_of(request) or "security")
            case "send" if not strong:
                return _send(request, user)
    return _page(request, user, strong, password, application)


def _password_is_right(request: Request, user: User, form: ConfirmPasswordForm) -> bool:
    if not form.is_valid():
        return False
    if not may_try_password(request, user, user.handle):
        form.add_error("password", _("Il y a eu trop d’essais. Attendez un quart d’heure."))
    elif not user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("Ce mot de passe n’est pas le bon."))
    return form.is_valid()


def _send(request: Request, user: User) -> HttpResponse:
    channel, address = where_to_write(user)
    if not address:
        return redirect("account_reauthenticate")
    send_first(
        request,
        Code(
            purpose="confirm",
            channel=channel,
            address=address,
            leads_to="code",
            user_key=user.pk,
            kept={"next": next_of(request)},
        ),
    )
    return redirect("account_reauthenticate_code")


def _page(
    request: Request, user: User, strong: bool, password: Any, application: Any
) -> HttpResponse:
    ways = ways_back(user)
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    channel, address = where_to_write(user)
    context = {
        "next": next_of(request),
        "password_form": password if ways.has_password and not strong else None,
        "application_form": application if strong and kinds - {"webauthn"} else None,
        "sent_to": _shown(channel, address) if not strong else "",
        "passkey_url": _passkey_url(request) if ways.passkeys else "",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/confirm.html", context, status=status)


def _passkey_url(request: Request) -> str:
    return f"{reverse('mfa_reauthenticate_webauthn')}?{urlencode({'next': next_of(request)})}"


def _shown(channel: str, address: str) -> str:
    """One's own address, to oneself."""
    return phone_as_written(address) if channel == "sms" else address


@never_cache
@login_required
@door
def confirm_by_code(request: Request) -> HttpResponse:
    user = _person(request)
    code = codes.current(request, "confirm")
    if code is None or code.user_key != user.pk or has_second_factor(user):
        return redirect("account_reauthenticate")
    form = CodeForm()
    if request.method == "POST":
        if not may_try_to_enter(request):
            return too_many(request)
        if request.POST.get("action") == "resend":
            return send_again(request, code, "account_reauthenticate_code")
        form = CodeForm(request.POST)
        if form.is_valid():
            left = codes.check(code, form.cleaned_data["code"])
            if left == 0:
                codes.forget(request)
                messages.error(request, locked_code())
                return redirect("account_reauthenticate")
            if left < 0:
                codes.forget(request)
                record_authentication(request, user, "code", reauthenticated=True)
                return redirect(code.kept["next"] or "security")
            form.add_error("code", wrong_code(left))
    context = {
        "form": form,
        "sent_to": _shown(code.channel, code.address),
        "channel": code.channel,
        "can_resend": code.may_be_sent_again,
        "other_url": reverse("account_reauthenticate"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/code.html", context, status=status)


@never_cache
@login_required
@door
def confirm_by_passkey(request: Request) -> HttpResponse:
    user = _person(request)
    form = PasskeyConfirmForm(request.POST or None, user=user)
    if request.method == "POST":
        if not may_try_to_enter(request):
            return too_many(request)
        if form.is_valid():
            form.save()
            return redirect(next_of(request) or "security")
    context = {
        "form": form,
        "next": next_of(request),
        "options_json": json.dumps(begin_authentication(user)),
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/confirm_passkey.html", context, status=status)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
