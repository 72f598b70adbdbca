"""A name and any one way back; then a short name that never changes."""

import json
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import codes
from accounts.actions.accounts import AddressTaken, create_account
from accounts.actions.handles import HandleTaken, is_free, propose_handle
from accounts.codes import Code
from accounts.devices import is_shared
from accounts.forms.entry import HandleForm, SignUpCodeForm, SignUpForm, SignUpPasswordForm
from accounts.forms.passkeys import NewPasskeyForm
from accounts.limits import may_sign_up, may_try_to_enter
from accounts.models import Actor, User
from accounts.requests import Request
from accounts.views.entry import locked_code, send_again, send_first, wrong_code
from accounts.views.parts import after_entering, next_of, sent_to, too_many
from accounts.ways import is_taken

_KEY = "sign-up"
door = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@door
def sign_up(request: Request) -> HttpResponse:
    """Ask for a name and a way back. An address known already gives the same next page."""
    if request.user.is_authenticated:
        return redirect(after_entering(next_of(request)))
    if request.method != "POST":
        return _page(request, "sign_up", SignUpForm())
    if not may_sign_up(request):
        return too_many(request)
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return _page(request, "sign_up", form, status=422)
    name, way = form.cleaned_data["name"], form.cleaned_data["way"]
    if way != "contact":
        codes.forget(request)
    request.session[_KEY] = {"name": name, "way": way, "next": next_of(request)}
    if way == "contact":
        address = form.cleaned_data["contact"]
        send_first(
            request,
            Code(
                purpose="sign-up",
                channel=form.channel,
                address=address,
                typed=address,
                leads_to="known" if is_taken(form.channel, address) else "code",
                kept={},
            ),
        )
    return redirect("account_signup_finish")


@sensitive_post_parameters("password")
@never_cache
@door
def finish(request: Request) -> HttpResponse:
    """The handle, with the code or the password; then the account opens."""
    begun = request.session.get(_KEY)
    if request.user.is_authenticated or not isinstance(begun, dict):
        return redirect("account_signup")
    if request.method == "POST" and not may_try_to_enter(request):
        return too_many(request)
    match begun["way"]:
        case "contact":
            return _finish_by_code(request, begun)
        case "password":
            return _finish_by_password(request, begun)
        case _:
            return _choose_handle(request, begun)


def _finish_by_code(request: Request, begun: dict[str, Any]) -> HttpResponse:
    code = codes.current(request, "sign-up")
    if code is None:
        messages.error(request, _("Ce code a fait son temps. Demandez-en un autre."))
        return redirect("account_signup")
    context: dict[str, Any] = {
        "sent_to": sent_to(code),
        "channel": code.channel,
        "can_resend": code.may_be_sent_again,
    }
    if request.method != "POST":
        form = SignUpCodeForm(initial={"handle": propose_handle(begun["name"])})
        return _page(request, "sign_up_code", form, **context)
    if request.POST.get("action") == "resend":
        return send_again(request, code, "account_signup_finish")
    form = SignUpCodeForm(request.POST)
    if not form.is_valid():
        return _page(request, "sign_up_code", form, status=422, **context)
    left = codes.check(code, form.cleaned_data["code"])
    if left > 0:
        form.add_error("code", wrong_code(left))
        return _page(request, "sign_up_code", form, status=422, **context)
    codes.forget(request)
    if left == 0:
        messages.error(request, locked_code())
        return redirect("account_signup")
    if code.channel == "mail":
        return _open(request, begun, form, "code", email=code.address)
    return _open(request, begun, form, "code", phone=code.address)


def _finish_by_password(request: Request, begun: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        form = SignUpPasswordForm(initial={"handle": propose_handle(begun["name"])})
        return _page(request, "sign_up_password", form)
    somebody = User(handle=request.POST.get("handle", ""), actor=Actor(name=begun["name"]))
    form = SignUpPasswordForm(request.POST, user=somebody)
    if not form.is_valid():
        return _page(request, "sign_up_password", form, status=422)
    return _open(request, begun, form, "password", password=form.cleaned_data["password"])


def _open(
    request: Request, begun: dict[str, Any], form: HandleForm, method: str, **way: Any
) -> HttpResponse:
    try:
        user = create_account(
            request.acting,
            name=begun["name"],
            handle=form.cleaned_data["handle"],
            language=get_language() or "",
            **way,
        )
    except HandleTaken:
        # Taken in the very second since the form was looked at.
        messages.error(request, _("Quelqu’un vient de prendre ce nom court. Reprenons."))
        return redirect("account_signup")
    except AddressTaken:
        messages.error(request, _("Cette adresse a déjà un compte : entrez par là."))
        return redirect("account_login")
    return _enter(request, begun, user, method)


def _enter(
    request: Request, begun: dict[str, Any], user: User, method: str, **proof: Any
) -> HttpResponse:
    request.session.pop(_KEY, None)
    request.session["shared"] = is_shared(request)
    record_authentication(request, user, method=method, **proof)
    messages.success(
        request, _("Bienvenue, %(name)s. Votre compte est ouvert.") % {"name": user.actor.name}
    )
    return perform_login(request, Login(user=user, signup=True, redirect_url=begun["next"] or None))


# --- With a key alone: the handle first, it goes into the key -----------------------


def _choose_handle(request: Request, begun: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        form = HandleForm(initial={"handle": propose_handle(begun["name"])})
        return _page(request, "sign_up_handle", form)
    form = HandleForm(request.POST)
    if not form.is_valid():
        return _page(request, "sign_up_handle", form, status=422)
    request.session[_KEY] = {**begun, "handle": form.cleaned_data["handle"]}
    return redirect("account_signup_passkey")


@never_cache
@door
def finish_by_passkey(request: Request) -> HttpResponse:
    """
    The browser makes a key, and the account opens with it alone.

    Our own view over allauth's functions: its flow wants a mail address first.
    """
    begun = request.session.get(_KEY)
    if request.user.is_authenticated or not isinstance(begun, dict) or "handle" not in begun:
        return redirect("account_signup")
    handle = begun["handle"]
    if not is_free(handle):
        messages.error(request, _("Quelqu’un vient de prendre ce nom court. Reprenons."))
        return redirect("account_signup_finish")
    somebody = User(handle=handle, actor=Actor(name=begun["name"]))
    if request.method != "POST":
        return _passkey_page(request, somebody, NewPasskeyForm(user=somebody))
    if not may_try_to_enter(request):
        return too_many(request)
    form = NewPasskeyForm(request.POST, user=somebody)
    if not form.is_valid():
        return _passkey_page(request, somebody, form, status=422)
    try:
        user = create_account(
            request.acting,
            name=begun["name"],
            handle=handle,
            language=get_language() or "",
            passkey=form.cleaned_data["credential"],
        )
    except HandleTaken:
        messages.error(request, _("Quelqu’un vient de prendre ce nom court. Reprenons."))
        return redirect("account_signup")
    return _enter(request, begun, user, "mfa", type="webauthn", passwordless=True)


def _passkey_page(request: Request, user: User, form: Any, status: int = 200) -> HttpResponse:
    return _page(
        request,
        "sign_up_passkey",
        form,
        status=status,
        options_json=json.dumps(begin_registration(user, True)),
        handle=user.handle,
    )


def _page(
    request: Request, page: str, form: Any, *, status: int = 200, **context: Any
) -> HttpResponse:
    begun = request.session.get(_KEY) or {}
    context.update(
        form=form,
        next=next_of(request),
        name=begun.get("name", ""),
        begin_url=reverse("account_signup"),
    )
    return render(request, f"accounts/{page}.html", context, status=status)
