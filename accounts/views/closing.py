"""The door of an account that its owner closed."""

from allauth.account.stages import LoginStageController
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.acting import Acting
from accounts.actions.closing import TooLate, closing_of, reopen_account
from accounts.models import User
from accounts.requests import Request
from accounts.stages import ClosedAccountStage
from accounts.views.parts import after_entering


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def closed(request: Request) -> HttpResponse:
    """
    Say that the account is closed; to who has just proved whose it is, offer to open it again.
    """
    if request.user.is_authenticated:
        return redirect(after_entering(""))
    stage = LoginStageController.enter(request, ClosedAccountStage.key)
    user = stage.login.user if stage is not None else None
    closing = closing_of(user) if isinstance(user, User) else None
    if request.method == "POST":
        if stage is None or not isinstance(user, User) or closing is None:
            return redirect("account_login")
        try:
            reopen_account(Acting.person(user, via="page"), user=user)
        except TooLate:
            return stage.abort()
        # Read again: the door asks whether the person stands.
        stage.login.user = User.objects.select_related("actor").get(pk=user.pk)
        messages.success(request, _("Votre compte est rouvert, comme avant."))
        return stage.exit()
    return render(request, "accounts/closed.html", {"closing": closing})
