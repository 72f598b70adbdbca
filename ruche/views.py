"""Pages of the house itself."""

import sys

from django.conf import settings
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import Request
from groups.views.publications import words_kept
from ruche.core.city import city
from ruche.core.mailbox import letters

RETRY_AFTER_S = 5


def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True}, headers={"Cache-Control": "no-store"})


def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the mails and text messages of the demonstration; elsewhere there is no such page."""
    if not settings.RUCHE_DEMO:
        raise Http404
    response = render(request, "pages/mailbox.html", {"letters": letters()})
    response["Cache-Control"] = "private, no-store"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """
    One page for what is absent and what may not be seen: the same to the byte.

    Who does not read HTML (another server that looks for what was deleted)
    gets the status alone: no page is made for them.
    """
    if not request.accepts("text/html"):
        return HttpResponse(status=404, content_type="text/plain; charset=utf-8")
    return render(request, "404.html", status=404)


def form_too_old(request: Request, reason: str = "") -> HttpResponse:
    """A form that no longer proves where it comes from; words that were typed in it are kept."""
    if "source" in request.POST and "place" in request.POST:
        return words_kept(request)
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """
    Say sorry without what may be broken: no session, no database, no context processor.

    A database that did not answer in time will: who asks again is answered.
    """
    page = loader.render_to_string("500.html", {"help_phone": settings.RUCHE_HELP_PHONE})
    if isinstance(sys.exc_info()[1], OperationalError):
        return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    return HttpResponse(page, status=500)


def help_page(request: HttpRequest) -> HttpResponse:
    context = {"contact_email": settings.RUCHE_CONTACT_EMAIL}
    return render(request, "pages/help.html", context)


def accessibility(request: HttpRequest) -> HttpResponse:
    context = {"contact_email": settings.RUCHE_CONTACT_EMAIL}
    return render(request, "pages/accessibility.html", context)


def legal(request: HttpRequest) -> HttpResponse:
    """What article 1-1 of the LCEN wants said; what the city has not filled is said missing."""
    facts = [
        (_("Éditeur"), settings.RUCHE_PUBLISHER),
        (_("Directeur ou directrice de la publication"), settings.RUCHE_PUBLICATION_DIRECTOR),
        (_("Hébergeur"), settings.RUCHE_HOST),
        (_("Téléphone"), city().help_phone),
        (_("Adresse mail"), settings.RUCHE_CONTACT_EMAIL),
    ]
    context = {"facts": facts, "source_url": settings.RUCHE_SOURCE_URL}
    return render(request, "pages/legal.html", context)


def sitemap(request: Request) -> HttpResponse:
    """The pages that one may open, as links."""
    everybody = [
        (_("Le fil"), "groups:home"),
        (_("Le fil de la ville"), "groups:city"),
        (_("Les ruches"), "groups:directory"),
        (_("Agenda"), "groups:agenda"),
        (_("Chercher"), "groups:search"),
    ]
    mine = [
        (_("Mon compte"), "me"),
        (_("Mon profil"), "profile"),
        (_("Mes ruches"), "groups:my_groups"),
        (_("Ouvrir une ruche"), "groups:create"),
        (_("Mes nouvelles"), "groups:notifications"),
        (_("Ce que je garde"), "groups:bookmarks"),
        (_("Mes brouillons"), "groups:drafts"),
        (_("Sécurité"), "security"),
        (_("Mes appareils"), "devices"),
        (_("Mes blocages"), "blocked"),
        (_("Mes structures"), "structures"),
    ]
    door = [(_("Se connecter"), "account_login"), (_("Rejoindre La Ruche"), "account_signup")]
    desk = [(_("Le bureau"), "groups:desk"), (_("Les ruches de la ville"), "groups:desk_groups")]
    house = [
        (_("Aide et contact"), "help"),
        (_("Affichage"), "display"),
        (_("Accessibilité"), "accessibility"),
        (_("Mentions légales"), "legal"),
        (_("La modération en nombres"), "groups:register"),
    ]
    parts = [(_("Pour tout le monde"), everybody)]
    parts.append((_("À moi"), mine) if request.acting.is_signed_in else (_("Votre compte"), door))
    user = request.acting.user
    # Also to whom the second factor still keeps out: the door leads there.
    if user is not None and user.city_role:
        parts.append((_("Pour la modération"), desk))
    parts.append((_("La maison"), house))
    linked = [
        (heading, [(name, reverse(page)) for name, page in pages]) for heading, pages in parts
    ]
    return render(request, "pages/sitemap.html", {"parts": linked})
