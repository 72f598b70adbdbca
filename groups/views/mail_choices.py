"""What one wants by mail; and the link by which one stops it without signing in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import Request
from groups.actions.mail_choices import choose_mails, stop_mails, take_mails_up_again
from groups.forms.mail_choices import MailChoicesForm
from groups.mail_choices import choice_behind, groups_mailed_to, wishes_of
from groups.models import MailRhythm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_choices(request: Request) -> HttpResponse:
    """How often one gets a mail. Who gave no address has the bell alone."""
    user = request.acting.user
    assert isinstance(user, User)
    form = MailChoicesForm(
        request.POST or None,
        wishes=wishes_of([user])[user.pk],
        groups=groups_mailed_to(request.acting),
    )
    if request.method == "POST" and form.is_valid():
        choose_mails(request.acting, **form.chosen)
        messages.success(request, _("C’est enregistré."))
        return redirect("groups:mail_choices")
    context = {"nav": "news", "form": form, "address": user.email}
    status = 422 if form.is_bound else 200
    return render(request, "groups/notification/mail_choices.html", context, status=status)


@csrf_exempt
def stop(request: Request, token: str) -> HttpResponse:
    """
    One button; a mail program presses it without our page, and so without its token.

    Reading changes nothing: programs that look for harm follow links.
    Source: RFC 8058, 3.1.
    """
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        stop_mails(request.acting, token=token)
        return HttpResponse(_("C’est arrêté."), content_type="text/plain; charset=utf-8")
    return _page(request, token)


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _page(request: Request, token: str) -> HttpResponse:
    if request.method == "POST":
        act = take_mails_up_again if "undo" in request.POST else stop_mails
        act(request.acting, token=token)
        return redirect("groups:stop_mails", token)
    choice = choice_behind(token)
    if choice is None:
        raise Http404
    context = {"choice": choice, "stopped": choice.wanted == MailRhythm.NONE}
    return render(request, "groups/notification/stop_mails.html", context)
