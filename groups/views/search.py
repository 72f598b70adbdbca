"""One page to find groups, messages and people."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.limits import may_search
from accounts.requests import Request
from accounts.views.parts import number_of
from groups.forms.search import SearchAllForm
from groups.search import KINDS, PAGE, Found, Kind, Question, find, meant
from groups.views.negotiation import html_only
from groups.visibility import groups_found_by

# Of each kind, on the page that shows them all.
FEW = 4
TOO_MANY_S = 60


@dataclass(frozen=True)
class Section:
    kind: Kind
    found: Found
    # Where the rest is: all of this kind, or its next page.
    more: str


@require_safe
@html_only
def search(request: Request) -> HttpResponse:
    """
    What the reader may find, by kind or a few of each.

    No number of what was found is said: it would count with what one may not see.
    """
    form = SearchAllForm(request.GET, known=groups_found_by(request.acting))
    question, kind = form.question, form.kind
    if question and not request.acting.is_signed_in and not may_search(request):
        busy = {"nav": "search", "form": form, "busy": True}
        response = render(request, "groups/search/search.html", busy, status=429)
        response["Retry-After"] = str(TOO_MANY_S)
        return response
    asked = form.asked(question)
    sections = [_section(request, kind, question, asked)] if kind else []
    if kind is None:
        sections = [_few(request, each, question, asked) for each in KINDS.values()]
    sections = [section for section in sections if section.found.items]
    instead = () if sections else meant(request.acting, question)
    context = {
        "nav": "search",
        "form": form,
        "question": question,
        "kind": kind,
        "kinds": [(each, _query(asked, each)) for each in KINDS.values()],
        "all_kinds": _query(asked),
        "sections": sections,
        "loosely": bool(sections) and all(section.found.loosely for section in sections),
        "instead": " ".join(instead),
        "instead_query": _query({**asked, "q": " ".join(instead)}, kind),
        "without_filters": _query({"q": form.words}) if question.words else "",
        "filtered": kind is not None or bool(question.filters),
        "without_group": _query({**asked, "ruche": ""}, kind),
    }
    return render(request, "groups/search/search.html", context)


def _section(request: Request, kind: Kind, question: Question, asked: dict[str, str]) -> Section:
    after = number_of(request.GET.get("apres", "")) or None
    found = find(request.acting, kind, question, after=after, limit=PAGE)
    more = "" if found.more is None else _query(asked, kind, apres=str(found.more))
    return Section(kind, found, more)


def _few(request: Request, kind: Kind, question: Question, asked: dict[str, str]) -> Section:
    found = find(request.acting, kind, question, limit=FEW)
    return Section(kind, found, "" if found.more is None else _query(asked, kind))


def _query(asked: dict[str, str], kind: Kind | None = None, **more: str) -> str:
    every = {**asked, "quoi": kind.slug if kind else "", **more}
    return urlencode({name: value for name, value in every.items() if value})
