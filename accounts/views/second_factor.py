"""A second lock: an application of codes, and codes on paper for the day it is lost."""

import json
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.flows import activate_totp, deactivate_totp
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.adapter import MfaAdapter
from accounts.forms.passkeys import PasskeySecondStepForm
from accounts.forms.security import RoleCodeForm
from accounts.freshness import fresh_required
from accounts.limits import may_try_to_enter
from accounts.models import User
from accounts.requests import Request
from accounts.roles import needs_role_code
from accounts.sessions import rotate
from accounts.views.parts import next_of, too_many

door = require_http_methods(["GET", "HEAD", "POST"])
_NEXT = "second-factor-next"


class SecondStep(AuthenticateView):
    """After the first proof: the code of the application, a code on paper, or the key."""

    template_name = "accounts/second_step.html"
    webauthn_form_class = PasskeySecondStepForm

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not may_try_to_enter(request):
            return too_many(request)
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict:
        context = super().get_context_data(**kwargs)
        kinds = Authenticator.objects.filter(user=self.stage.login.user)
        context["kinds"] = set(kinds.values_list("type", flat=True))
        context["options_json"] = json.dumps(context.get("js_data", {}).get("request_options"))
        return context


@login_required
def second_factor(request: Request) -> HttpResponse:
    """What it is, who must have one, and the way to it."""
    user = _person(request)
    if next_url := next_of(request):
        request.session[_NEXT] = next_url
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "has_application": "totp" in kinds,
        "has_recovery_codes": "recovery_codes" in kinds,
        "is_compulsory": bool(user.city_role),
        "power_is_awake": bool(request.acting.power),
        "next": request.session.get(_NEXT, ""),
    }
    return render(request, "accounts/second_factor.html", context)


@never_cache
@fresh_required
@door
@sensitive_variables("form")
def add_application(request: Request) -> HttpResponse:
    """Show the square to scan, and ask for the first code."""
    user = _person(request)
    if Authenticator.objects.filter(user=user, type="totp").exists():
        return redirect("mfa_index")
    form = ActivateTOTPForm(request.POST or None, user=user)
    role = RoleCodeForm(request.POST or None, user=user) if needs_role_code(user) else None
    if request.method == "POST" and form.is_valid() and (role is None or role.is_valid()):
        activate_totp(request, form)
        rotate(request)
        messages.success(request, _("L’application de codes est ajoutée."))
        return redirect("mfa_view_recovery_codes")
    adapter = MfaAdapter()
    context = {
        "form": form,
        "role": role,
        "secret": form.secret,
        "square": adapter.build_totp_svg(adapter.build_totp_url(user, form.secret)),
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/add_application.html", context, status=status)


@never_cache
@fresh_required
@door
def remove_application(request: Request) -> HttpResponse:
    own = Authenticator.objects.filter(user=_person(request), type="totp")
    row = get_object_or_404(own)
    if not MfaAdapter().can_delete_authenticator(row):
        messages.error(
            request, _("Votre rôle demande une deuxième clé. Ajoutez-en une autre d’abord.")
        )
        return redirect("mfa_index")
    if request.method != "POST":
        context = {
            "question": _("Retirer l’application de codes ?"),
            "confirm_label": _("Retirer"),
            "cancel_url": reverse("mfa_index"),
            "danger": True,
        }
        return render(request, "accounts/remove_way.html", context)
    deactivate_totp(request, row)
    rotate(request)
    messages.success(request, _("C’est retiré."))
    return redirect("mfa_index")


@never_cache
@fresh_required
def recovery_codes(request: Request) -> HttpResponse:
    """The codes that are left, to print or copy."""
    own = Authenticator.objects.filter(user=_person(request), type="recovery_codes")
    row = get_object_or_404(own)
    context = {
        "recovery_codes": [f"{code[:4]} {code[4:]}" for code in row.wrap().get_unused_codes()],
        "next": request.session.pop(_NEXT, ""),
    }
    return render(request, "accounts/recovery_codes.html", context)


@never_cache
@fresh_required
@door
def renew_recovery_codes(request: Request) -> HttpResponse:
    own = Authenticator.objects.filter(user=_person(request), type="totp")
    get_object_or_404(own)
    if request.method != "POST":
        context = {
            "question": _("Faire de nouveaux codes de secours ?"),
            "consequence": _("Les anciens ne marcheront plus."),
            "confirm_label": _("Faire de nouveaux codes"),
            "cancel_url": reverse("mfa_index"),
        }
        return render(request, "accounts/remove_way.html", context)
    raise_if_reauthentication_required(request, app="allauth.mfa")
    generate_recovery_codes(request)
    return redirect("mfa_view_recovery_codes")


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
