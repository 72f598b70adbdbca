"""The door: a code, a password or a key; and the way out."""

import json
from typing import Any

from allauth.account.internal.flows.login import (
    perform_login,
    perform_password_login,
    record_authentication,
)
from allauth.account.internal.flows.logout import logout
from allauth.account.models import Login
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import codes, devices
from accounts.adapter import AccountAdapter
from accounts.codes import Code
from accounts.forms.entry import CodeForm, IdentifierForm, PasswordSignInForm
from accounts.forms.passkeys import PasskeySignInForm
from accounts.limits import may_try_password, may_try_to_enter
from accounts.models import User
from accounts.requests import Request
from accounts.views.parts import after_entering, next_of, sent_to, too_many
from accounts.ways import identify

door = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@door
def sign_in(request: Request) -> HttpResponse:
    """Ask who is there, and send a code. Known or not, the next page is the same."""
    if request.user.is_authenticated:
        return redirect(after_entering(next_of(request)))
    if request.method != "POST":
        form = IdentifierForm(initial={"shared": devices.is_shared(request)})
        return _door(request, "sign_in", form)
    if not may_try_to_enter(request):
        return too_many(request)
    form = IdentifierForm(request.POST)
    if not form.is_valid():
        return _door(request, "sign_in", form, status=422)
    who = identify(form.cleaned_data["identifier"])
    request.session["shared"] = form.cleaned_data["shared"]
    send_first(
        request,
        Code(
            purpose="sign-in",
            channel=who.channel,
            address=who.address,
            typed=who.typed,
            leads_to="code" if who.user is not None else "unknown",
            user_key=who.user.pk if who.user is not None else None,
            language=who.user.language if who.user is not None else "",
            kept={"next": next_of(request)},
        ),
    )
    return redirect("account_confirm_login_code")


@never_cache
@door
def sign_in_code(request: Request) -> HttpResponse:
    """The code that was sent, 5 tries; another may be asked for."""
    if request.user.is_authenticated:
        return redirect(after_entering(""))
    code = codes.current(request, "sign-in")
    if code is None:
        if request.method == "POST":
            messages.error(request, _("Ce code a fait son temps. Demandez-en un autre."))
        return redirect("account_login")
    if request.method != "POST":
        return _code_page(request, code, CodeForm())
    if not may_try_to_enter(request):
        return too_many(request)
    if request.POST.get("action") == "resend":
        return send_again(request, code, "account_confirm_login_code")
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, code, form, status=422)
    left = codes.check(code, form.cleaned_data["code"])
    if left > 0:
        form.add_error("code", wrong_code(left))
        return _code_page(request, code, form, status=422)
    codes.forget(request)
    user = code.user
    if left == 0 or user is None:
        messages.error(request, locked_code())
        return redirect(_with_next("account_login", code.kept["next"]))
    record_authentication(request, user, method="code")
    return perform_login(request, Login(user=user, redirect_url=code.kept["next"] or None))


@sensitive_post_parameters("password")
@never_cache
@door
def sign_in_by_password(request: Request) -> HttpResponse:
    """Address and password together; which of the two is wrong is not said."""
    if request.user.is_authenticated:
        return redirect(after_entering(next_of(request)))
    if request.method != "POST":
        form = PasswordSignInForm(initial={"shared": devices.is_shared(request)})
        return _door(request, "sign_in_password", form)
    if not may_try_to_enter(request):
        return too_many(request)
    form = PasswordSignInForm(request.POST)
    if not form.is_valid():
        return _door(request, "sign_in_password", form, status=422)
    who = identify(form.cleaned_data["identifier"])
    if not may_try_password(request, who.user, who.typed):
        form.add_error(
            "password",
            _("Il y a eu trop d’essais. Attendez un quart d’heure, ou recevez un code."),
        )
        return _door(request, "sign_in_password", form, status=422)
    credentials = {
        # Nobody is called "-": somebody unknown is looked for like somebody known.
        "username": who.user.handle if who.user is not None else "-",
        "password": form.cleaned_data["password"],
    }
    user = AccountAdapter(request).authenticate(request, **credentials)
    if not isinstance(user, User):
        form.add_error(
            "password",
            _("Ce mot de passe ne va pas avec cette adresse. Vous pouvez aussi recevoir un code."),
        )
        return _door(request, "sign_in_password", form, status=422)
    request.session["shared"] = form.cleaned_data["shared"]
    login = Login(user=user, redirect_url=next_of(request) or None)
    return perform_password_login(request, credentials, login)


@never_cache
@door
def sign_in_by_passkey(request: Request) -> HttpResponse:
    """The browser answers for a key it holds; nothing is typed."""
    if request.user.is_authenticated:
        return redirect(after_entering(next_of(request)))
    # Looking at the page begins a session, too.
    if not may_try_to_enter(request):
        return too_many(request)
    if request.method == "POST":
        form = PasskeySignInForm(request.POST)
        if form.is_valid():
            authenticator = form.cleaned_data["credential"]
            request.session["shared"] = "shared" in request.POST
            login = Login(user=authenticator.user, redirect_url=next_of(request) or None)
            return perform_passwordless_login(request, authenticator, login)
    else:
        form = PasskeySignInForm()
    return _door(
        request,
        "sign_in_passkey",
        form,
        status=422 if form.is_bound else 200,
        options_json=json.dumps(begin_authentication()),
        shared=devices.is_shared(request),
    )


@never_cache
@door
def sign_out(request: Request) -> HttpResponse:
    """POST alone signs out; GET asks."""
    if request.method != "POST":
        if not request.user.is_authenticated:
            return redirect("groups:home")
        context = {"confirm_label": _("Me déconnecter"), "cancel_url": reverse("me")}
        return render(request, "accounts/sign_out.html", context)
    shared = devices.is_shared(request)
    logout(request)
    response = redirect("groups:home")
    if shared:
        # The next person finds a computer that knows nothing.
        response["Clear-Site-Data"] = '"cache"'
        for cookie in ("display", "language"):
            response.delete_cookie(cookie, samesite="Lax")
    return response


@never_cache
def inactive(request: Request) -> HttpResponse:
    """Shown to somebody who proved who they are, and whose account is closed."""
    return render(request, "accounts/inactive.html", status=403)


# --- Shared by the doors that wait for a code -------------------------------------


def wrong_code(left: int) -> str:
    return ngettext(
        "Ce code n’est pas le bon. Vérifiez le dernier message reçu. Il vous reste un essai.",
        "Ce code n’est pas le bon. Vérifiez le dernier message reçu. Il vous reste %(left)d"
        " essais.",
        left,
    ) % {"left": left}


def locked_code() -> str:
    return _(
        "Cinq essais : ce code ne marche plus. Demandez-en un autre, rien d’autre n’est fermé."
    )


def send_first(request: Request, code: Code) -> None:
    if not codes.send(request, code):
        messages.error(request, enough_messages())


def enough_messages() -> str:
    return _("Plusieurs messages sont déjà partis. Attendez une demi-heure, ou appelez-nous.")


def send_again(request: Request, code: Code, page: str) -> HttpResponse:
    """Another code in place of the former, if there have not been too many."""
    if code.may_be_sent_again and codes.send(request, code):
        messages.success(request, _("Un autre code est parti. Seul le dernier marche."))
    else:
        messages.error(request, enough_messages())
    return redirect(page)


def _with_next(name: str, next_url: str) -> str:
    return reverse(name) + (f"?{urlencode({'next': next_url})}" if next_url else "")


def _door(
    request: Request, page: str, form: Any, *, status: int = 200, **context: Any
) -> HttpResponse:
    context.update(form=form, next=next_of(request))
    return render(request, f"accounts/{page}.html", context, status=status)


def _code_page(request: Request, code: Code, form: CodeForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "sent_to": sent_to(code),
        "channel": code.channel if not code.typed.startswith("@") and _is_way(code) else "",
        "can_resend": code.may_be_sent_again,
        "other_url": _with_next("account_login", code.kept["next"]),
        "password_url": _with_next("account_password_login", code.kept["next"]),
        "passkey_url": _with_next("mfa_login_webauthn", code.kept["next"]),
    }
    return render(request, "accounts/sign_in_code.html", context, status=status)


def _is_way(code: Code) -> bool:
    """Whether an address or a number was typed, rather than a handle."""
    return "@" in code.typed or code.typed[:1] in "+0123456789"
