"""My ways back: seen, added, removed."""

import json
from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import codes
from accounts.actions import security as actions
from accounts.actions.accounts import AddressTaken
from accounts.codes import Code
from accounts.forms.entry import CodeForm, NewPasswordForm
from accounts.forms.passkeys import NewPasskeyForm
from accounts.forms.security import ContactForm
from accounts.freshness import fresh_required
from accounts.limits import may_try_to_enter
from accounts.models import User
from accounts.requests import Request
from accounts.sessions import rotate
from accounts.stages import has_second_factor
from accounts.views.entry import locked_code, send_again, send_first, wrong_code
from accounts.views.parts import sent_to, too_many
from accounts.ways import is_taken, phone_as_written, ways_back

door = require_http_methods(["GET", "HEAD", "POST"])


@login_required
def security(request: Request) -> HttpResponse:
    user = _person(request)
    ways = ways_back(user)
    context = {
        "ways": ways,
        "phone": phone_as_written(ways.phone) if ways.phone else "",
        "passkeys": [key.wrap() for key in ways.passkeys],
        "has_application": Authenticator.objects.filter(user=user, type="totp").exists(),
        "has_second_factor": has_second_factor(user),
        "may_add_mail": len(ways.mails) < actions.MAILS_AT_MOST,
    }
    return render(request, "accounts/security.html", context)


# --- Mail and telephone ---------------------------------------------------------


@fresh_required
@door
def add_contact(request: Request) -> HttpResponse:
    """Send a code to the new address; one that somebody has already gets a mail that says so."""
    form = ContactForm(request.POST or None)
    if request.method == "POST":
        if not may_try_to_enter(request):
            return too_many(request)
        if form.is_valid():
            address = form.cleaned_data["contact"]
            taken = is_taken(form.channel, address)
            send_first(
                request,
                Code(
                    purpose="add",
                    channel=form.channel,
                    address=address,
                    typed=address,
                    leads_to="known" if taken else "code",
                    user_key=_person(request).pk,
                    kept={},
                ),
            )
            return redirect("security_code")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/add_contact.html", {"form": form}, status=status)


@fresh_required
@door
def add_contact_code(request: Request) -> HttpResponse:
    code = codes.current(request, "add")
    if code is None or code.user_key != _person(request).pk:
        return redirect("account_email")
    form = CodeForm()
    if request.method == "POST":
        if not may_try_to_enter(request):
            return too_many(request)
        if request.POST.get("action") == "resend":
            return send_again(request, code, "security_code")
        form = CodeForm(request.POST)
        if form.is_valid():
            left = codes.check(code, form.cleaned_data["code"])
            if left <= 0:
                codes.forget(request)
                return _added(request, code) if left < 0 else _locked(request)
            form.add_error("code", wrong_code(left))
    context = {
        "form": form,
        "sent_to": sent_to(code),
        "channel": code.channel,
        "can_resend": code.may_be_sent_again,
        "other_url": reverse("account_email"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/code.html", context, status=status)


def _locked(request: Request) -> HttpResponse:
    messages.error(request, locked_code())
    return redirect("account_email")


def _added(request: Request, code: Code) -> HttpResponse:
    try:
        if code.channel == "mail":
            actions.add_mail(request.acting, email=code.address)
        else:
            actions.set_phone(request.acting, phone=code.address)
    except AddressTaken:
        messages.error(request, _("Cette adresse sert déjà à un compte."))
    except actions.TooMany:
        messages.error(request, _("Trois adresses suffisent. Retirez-en une d’abord."))
    else:
        messages.success(request, _("C’est noté : vous pouvez revenir par là aussi."))
    return redirect("security")


@fresh_required
@require_POST
def main_mail(request: Request, key: int) -> HttpResponse:
    actions.make_main(request.acting, key=key)
    messages.success(request, _("Nos mails iront à cette adresse."))
    return redirect("security")


@fresh_required
@door
def remove_mail(request: Request, key: int) -> HttpResponse:
    row = get_object_or_404(_person(request).emailaddress_set, pk=key)  # type: ignore[attr-defined]
    return _remove(
        request,
        _("Retirer l’adresse %(email)s ?") % {"email": row.email},
        lambda: actions.remove_mail(request.acting, key=key),
    )


@fresh_required
@door
def remove_phone(request: Request) -> HttpResponse:
    return _remove(
        request,
        _("Retirer votre téléphone ?"),
        lambda: actions.remove_phone(request.acting),
    )


def _remove(request: Request, question: str, act: Callable[[], None]) -> HttpResponse:
    """Ask once, then remove, unless it is the last way back."""
    if request.method != "POST":
        context = {
            "question": question,
            "confirm_label": _("Retirer"),
            "cancel_url": reverse("security"),
            "danger": True,
            "last": ways_back(_person(request)).one_left,
        }
        return render(request, "accounts/remove_way.html", context)
    try:
        act()
    except actions.LastWayBack:
        messages.error(
            request,
            _("C’est votre seule façon de revenir. Ajoutez-en une autre avant de la retirer."),
        )
    else:
        messages.success(request, _("C’est retiré."))
    return redirect("security")


# --- Password -------------------------------------------------------------------


@sensitive_post_parameters("password")
@fresh_required
@door
def password(request: Request) -> HttpResponse:
    """Choose or change it; every other device is signed out."""
    user = _person(request)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        actions.set_password(
            request.acting,
            user=user,
            password=form.cleaned_data["password"],
            keep_session=request.session.session_key or "",
        )
        rotate(request, user=user)
        messages.success(request, _("C’est enregistré. Vos autres appareils sont fermés."))
        return redirect("security")
    context = {"form": form, "has_password": user.has_usable_password()}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password.html", context, status=status)


@fresh_required
@door
def remove_password(request: Request) -> HttpResponse:
    def act() -> None:
        actions.remove_password(request.acting, keep_session=request.session.session_key or "")
        rotate(request, user=User.objects.get(pk=_person(request).pk))

    return _remove(request, _("Retirer votre mot de passe ?"), act)


# --- Keys -----------------------------------------------------------------------


@fresh_required
@door
def add_passkey(request: Request) -> HttpResponse:
    user = _person(request)
    form = NewPasskeyForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_passkey(
                request.acting,
                name=form.cleaned_data["name"],
                credential=form.cleaned_data["credential"],
            )
        except actions.TooMany:
            messages.error(request, _("Dix clés suffisent. Retirez-en une d’abord."))
        except actions.RoleAsleep:
            messages.error(
                request, _("Votre rôle dort : ajoutez d’abord l’application, avec le code du rôle.")
            )
            return redirect("mfa_index")
        else:
            rotate(request)
            messages.success(request, _("La clé est ajoutée. Elle ouvre seule votre compte."))
        return redirect("security")
    context = {"form": form, "options_json": json.dumps(begin_registration(user, True))}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/add_passkey.html", context, status=status)


@fresh_required
@door
def remove_passkey(request: Request, key: int) -> HttpResponse:
    own = Authenticator.objects.filter(user=_person(request), type="webauthn")
    row = get_object_or_404(own, pk=key)
    return _remove(
        request,
        _("Retirer la clé « %(name)s » ?") % {"name": row.wrap().name},
        lambda: actions.remove_passkey(request.acting, key=key),
    )


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
