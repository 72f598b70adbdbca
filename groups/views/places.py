"""Saying better what a place is and where."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import Request
from groups.access import require
from groups.actions.places import edit_place
from groups.forms.places import PlaceForm
from groups.views.head import sign_in_first
from groups.visibility import places_visible_to


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, number: int) -> HttpResponse:
    """Change a place: for the city's moderators."""
    place = get_object_or_404(places_visible_to(request.acting), number=number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(request.acting.is_moderator)
    form = PlaceForm(request.POST or None, place=place)
    if request.method == "POST" and form.is_valid():
        try:
            edit_place(request.acting, place=place, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("C’est noté."))
            return redirect(place)
    status = 422 if request.method == "POST" else 200
    context = {"nav": "agenda", "place": place, "form": form}
    return render(request, "groups/event/edit_place.html", context, status=status)
