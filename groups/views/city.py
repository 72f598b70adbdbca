"""The city's settings, for its administrators; and its charter, for everybody."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require_visible
from accounts.actions.city import ChangedMeanwhile, change_city
from accounts.freshness import passed_second_factor
from accounts.requests import Request
from groups.forms.city import CityForm
from groups.quarters import quarters
from groups.views.desk import tabs
from ruche.core.city import city
from ruche.core.html import render_note
from ruche.models import CitySettings


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request) -> HttpResponse:
    """Name, charter, quarters, whom to call, who opens a group, how long things are kept."""
    require_visible(request.acting.is_administrator)
    form = CityForm(request.POST or None, initial=_in_force())
    if request.method == "POST" and form.is_valid():
        try:
            change_city(request.acting, **form.values())
        except ChangedMeanwhile:
            form.add_error(
                None,
                _(
                    "Quelqu’un d’autre a changé les réglages pendant que vous écriviez. Ouvrez"
                    " cette page dans un autre onglet pour comparer, puis recommencez."
                ),
            )
        else:
            messages.success(request, _("Les réglages sont enregistrés."))
            return redirect("groups:desk_settings")
    context = {
        **tabs(request, "settings"),
        "form": form,
        "reads_tables": passed_second_factor(request),
    }
    status = 422 if form.is_bound else 200
    return render(request, "groups/desk/settings.html", context, status=status)


def _in_force() -> dict:
    now = city()
    row = CitySettings.objects.filter(pk=1).first()
    return {
        "version": 0 if row is None else row.version,
        "name": now.name,
        "charter": now.charter,
        "quarters": "\n".join(quarters()),
        "help_phone": now.help_phone,
        "help_hours": now.help_hours,
        "group_creation": now.group_creation,
        "keep_days": now.keep_days,
    }


@require_safe
def about(request: Request) -> HttpResponse:
    """The charter: what is done here, and what is not."""
    charter = city().charter
    html = render_note(charter, resolve_mention=lambda name: None, hashtag_url=lambda tag: "").html
    return render(request, "groups/about.html", {"charter": html})
