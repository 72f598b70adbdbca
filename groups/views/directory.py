"""All the ruches one may know of."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.requests import Request
from groups.forms.groups import SearchForm
from groups.models import Group, GroupState, MembershipState, Theme, Visibility
from groups.visibility import groups_visible_to, listed_for
from ruche.core.keys import first_key_of
from ruche.core.words import fold

PER_PAGE = 20
# Words of a search beyond these are left out.
MAX_WORDS = 8


@require_safe
def directory(request: Request) -> HttpResponse:
    """The directory: search, themes, pages; archived ruches apart."""
    form = SearchForm(request.GET)
    form.is_valid()
    words = fold(form.cleaned_data.get("q", "")).split()[:MAX_WORDS]
    theme: Theme | None = form.cleaned_data.get("theme")
    archived = "archives" in request.GET
    found = _listed(request, archived=archived)
    if words or theme is not None:
        found = _searched(found, words, theme)
    pages = Paginator(found.order_by("search_text", "pk").values_list("pk", flat=True), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    filters: dict[str, Any] = {
        "q": form.cleaned_data.get("q", ""),
        "theme": "" if theme is None else theme.slug,
        "archives": "1" if archived else "",
    }
    context = {
        "nav": "groups",
        "form": form,
        "page": page,
        "groups": _described(request, page.object_list),
        "total": pages.count,
        "searching": bool(words or theme),
        "archived": archived,
        "filters": urlencode({key: value for key, value in filters.items() if value}),
        "has_archives": not archived and _listed(request, archived=True).exists(),
    }
    return render(request, "groups/group/directory.html", context)


def _listed(request: Request, *, archived: bool) -> QuerySet[Group]:
    """Public and closed groups; hidden ones are in no list, not even their members'."""
    return groups_visible_to(request.acting).filter(
        state=GroupState.ARCHIVED if archived else GroupState.OPEN,
        visibility__in=[Visibility.PUBLIC, Visibility.CLOSED],
        actor__domain=None,
    )


def _searched(groups: QuerySet[Group], words: list[str], theme: Theme | None) -> QuerySet[Group]:
    """Narrow by words and theme. Sensitive groups are in no search. Source: decisions.md."""
    groups = groups.filter(sensitive=False)
    for word in words:
        groups = groups.filter(search_text__contains=word)
    return groups if theme is None else groups.filter(themes=theme)


def _described(request: Request, keys: Iterable[int]) -> QuerySet[Group]:
    """
    Add the number of members, and whether there is news of today that the reader may see.

    Asked of one page of groups: counting for all of them before they are
    sorted takes seconds where there are ten thousand.
    """
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    news = listed_for(request.acting).filter(group=OuterRef("pk"), key__gte=first_key_of(midnight))
    return (
        groups_visible_to(request.acting)
        .filter(pk__in=list(keys))
        .annotate(
            member_count=Count("memberships", filter=Q(memberships__state=MembershipState.MEMBER)),
            wrote_today=Exists(news),
        )
        .order_by("search_text", "pk")
    )
