"""The composer: where it writes, what was being written there, and "Qui verra ?"."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.acting import Acting
from accounts.models import Actor, User
from accounts.visibility import structures_acted_for
from groups.access import is_limited, widest_level
from groups.actions.attachments import MAX_PER_PUBLICATION
from groups.actions.publications import place_of
from groups.forms.attachments import Pictures, pictures_of
from groups.forms.publications import NoteForm
from groups.models import Attachment, Draft, Group, Level, Publication
from groups.visibility import audience_size, written_by
from ruche.core.city import city

# A composer that stayed open longer than this no longer says whose it was.
TOKEN_AGE_S = 24 * 3600
CITY_SIZE_S = 60
_SALT = "groups.composer"


@dataclass(frozen=True)
class Reach:
    """One choice of "Qui verra ?": who it is (``title``), what it means, and the whole sentence."""

    level: int
    title: str
    hint: str
    sentence: str


@dataclass(frozen=True)
class Composer:
    action: str
    place: str
    form: NoteForm
    reaches: list[Reach]
    # The level ticked at first; publishing wider than that is asked once more.
    usual: int
    chosen: int
    once: str
    title: str
    button: str
    saved_at: datetime | None = None
    parent: Publication | None = None
    edited: Publication | None = None
    pictures: Pictures | None = None
    # The structure in whose name it will be said; None for oneself.
    speaker: Actor | None = None

    @property
    def usual_sentence(self) -> str:
        return self.reach_of(self.usual).sentence

    def reach_of(self, level: int) -> Reach:
        """The choice that ``level`` comes to here."""
        within = [reach for reach in self.reaches if reach.level <= level]
        return within[-1] if within else self.reaches[0]


def note_form(acting: Acting, data: QueryDict | None = None, **initial: Any) -> NoteForm:
    """The form of a composer, which offers the structures that the person acts for."""
    voices = [structure.actor for structure in structures_acted_for(acting)]
    return NoteForm(data, initial=initial, voices=voices)


def draft_sent(acting: Acting, data: QueryDict) -> dict[str, Any]:
    """What a composer sent, as ``save_draft`` wants it; pictures apart."""
    form = note_form(acting, data)
    return {
        "place": data.get("place", ""),
        "source": data.get("source", "").replace("\r\n", "\n"),
        "level": _asked(form),
        "speaker": form.voice,
    }


def composer_for(
    acting: Acting,
    *,
    group: Group | None,
    parent: Publication | None = None,
    form: NoteForm | None = None,
    pictures: Pictures | None = None,
    speaker: str = "",
) -> Composer:
    """
    Make the composer of a place, with the draft that waits there unless a form was sent.

    ``speaker`` is the handle of the structure that is chosen at first.
    """
    if parent is not None:
        group = parent.group
    place = place_of(group, parent)
    draft = None
    if form is None:
        draft = _draft(acting, place)
        form = note_form(
            acting,
            source=draft.source if draft else "",
            language=_language(acting),
            speaker=draft.speaker.handle if draft and draft.speaker else speaker,
        )
        pictures = _waiting_with(draft)
    spoken = acting if form.voice is None else acting.in_the_name_of(form.voice)
    reaches = reaches_of(group, parent, spoken)
    usual = _usual(spoken, group, parent, reaches)
    asked = _asked(form) or (draft.level if draft else None)
    return Composer(
        action=_action(group, parent),
        place=place,
        form=form,
        reaches=reaches,
        usual=usual,
        chosen=_nearest(asked or usual, reaches),
        once=_once(acting, form),
        title=_title(group, parent, form),
        button=_("Répondre") if parent else _("Publier"),
        saved_at=draft.saved_at if draft else None,
        parent=parent,
        pictures=pictures,
        speaker=form.voice,
    )


def _draft(acting: Acting, place: str) -> Draft | None:
    drafts = Draft.objects.select_related("speaker").prefetch_related("pictures")
    return drafts.filter(actor=acting.actor, place=place).first()


def _waiting_with(draft: Draft | None, shown: Sequence[Attachment] = ()) -> Pictures | None:
    """The pictures of what is edited, ``shown``, and those that wait with its draft."""
    if draft is None:
        return Pictures(rows=list(shown)) if shown else None
    return Pictures(rows=[*shown, *draft.pictures.all()][:MAX_PER_PUBLICATION])


def editor_of(
    acting: Acting,
    publication: Publication,
    form: NoteForm | None = None,
    pictures: Pictures | None = None,
) -> Composer:
    """Make the composer that changes what was published."""
    place = f"e:{publication.pk}"
    spoken = acting.in_the_name_of(publication.author)
    reaches = reaches_of(publication.group, publication.in_reply_to, spoken)
    draft = None
    if form is None:
        draft = _draft(acting, place)
        source = draft.source if draft else publication.source
        form = note_form(acting, source=source, language=publication.language)
        pictures = _waiting_with(draft, pictures_of(publication).rows)
    usual = _nearest(publication.level, reaches)
    return Composer(
        action=reverse("groups:edit", args=[publication.pk]),
        place=place,
        form=form,
        reaches=reaches,
        usual=usual,
        chosen=_nearest(_asked(form) or (draft and draft.level) or usual, reaches),
        once=_once(acting, form),
        title=_("Votre message"),
        button=_("Enregistrer"),
        saved_at=draft.saved_at if draft else None,
        parent=publication.in_reply_to,
        edited=publication,
        pictures=pictures,
    )


def _asked(form: NoteForm) -> int | None:
    value = str(form.data.get("level", "")) if form.is_bound else ""
    return int(value) if value in {"1", "2", "3", "4", "5"} else None


def _action(group: Group | None, parent: Publication | None) -> str:
    if parent is not None:
        return reverse("groups:reply", args=[parent.pk])
    if group is not None:
        return reverse("groups:publish_in", args=[group.handle])
    return reverse("groups:publish")


def _title(group: Group | None, parent: Publication | None, form: NoteForm) -> str:
    if parent is not None:
        return _("Votre réponse")
    on_ones_page = group is None and not form.voices
    return _("Votre message, sur votre page") if on_ones_page else _("Votre message")


def _language(acting: Acting) -> str:
    return (acting.user.language if acting.user else "") or settings.LANGUAGE_CODE


# --- The token of one rendered composer ------------------------------------------


def _once(acting: Acting, form: NoteForm) -> str:
    """The same token again when the form comes back, so that sending it twice stays one message."""
    sent = str(form.data.get("once", "")) if form.is_bound else ""
    if sent and owner_of(sent) == acting.user_key:
        return sent
    return signing.dumps([acting.user_key, secrets.token_urlsafe(12)], salt=_SALT)


def owner_of(once: str) -> int | None:
    """
    Return the key of the user whose composer this token comes from, None if it proves nothing.

    It lets words typed in a session that has ended go to their author's drafts.
    """
    try:
        user, _nonce = signing.loads(once, salt=_SALT, max_age=TOKEN_AGE_S)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return user if isinstance(user, int) else None


def person_of(once: str) -> User | None:
    owner = owner_of(once)
    if owner is None:
        return None
    return User.objects.select_related("actor").filter(pk=owner, is_active=True).first()


# --- Who will see it --------------------------------------------------------------


def reaches_of(group: Group | None, parent: Publication | None, acting: Acting) -> list[Reach]:
    """The choices of a place, narrowest first; an answer never reaches further than its parent."""
    widest = widest_level(acting, group)
    if parent is not None:
        widest = min(widest, parent.level)
    if group is None and parent is not None:
        # Followers of two people are not the same: an answer goes to named people or to all.
        levels = [Level.ORGANISERS] if widest <= Level.MEMBERS else [1, *range(3, widest + 1)]
    else:
        levels = list(range(Level.ORGANISERS, widest + 1))
    if group is None and is_limited(acting):
        levels = [Level.MEMBERS]
    return [_reach(level, group, parent, acting) for level in levels]


def _reach(level: int, group: Group | None, parent: Publication | None, acting: Acting) -> Reach:
    if level == Level.PUBLIC:
        return Reach(
            level,
            _("Tout le monde"),
            _("Aussi sans compte, sur internet."),
            _("Tout le monde, aussi sans compte."),
        )
    if level == Level.PARTNERS:
        return Reach(
            level,
            _("%(city)s et les villes partenaires") % {"city": city().name},
            _("Aucune ville partenaire n’est encore reliée : pour l’instant, les inscrits d’ici."),
            _("Les inscrits de %(city)s. Aucune ville partenaire n’est encore reliée.")
            % {"city": city().name},
        )
    if level == Level.CITY:
        number = _city_size()
        title = ngettext(
            "La personne inscrite à %(city)s",
            "Les %(number)s personnes inscrites à %(city)s",
            number,
        ) % {"number": number, "city": city().name}
        return Reach(level, title, _("Il faut un compte pour lire."), f"{title}.")
    return _narrow_reach(level, group, parent, acting)


def _narrow_reach(
    level: int, group: Group | None, parent: Publication | None, acting: Acting
) -> Reach:
    if group is not None:
        number = audience_size(group, level)
        if level == Level.MEMBERS:
            title = ngettext(
                "Vous seulement, pour l’instant", "Les %(number)s membres de cette ruche", number
            )
            sentence = ngettext(
                "Vous seulement, pour l’instant.",
                "Les %(number)s membres, personne d’autre.",
                number,
            )
            hint = _("Personne d’autre.")
        else:
            title = ngettext(
                "La personne qui s’occupe de cette ruche",
                "Les %(number)s personnes qui s’occupent de cette ruche",
                number,
            )
            sentence = ngettext(
                "Vous et la personne qui s’occupe de la ruche.",
                "Vous et les %(number)s personnes qui s’occupent de la ruche.",
                number,
            )
            hint = _("Et vous.")
        values = {"number": number}
        return Reach(level, title % values, hint, sentence % values)
    if acting.myself is not acting:
        return _narrow_reach_of_a_structure(level, parent, acting)
    if level == Level.MEMBERS:
        number = _followers_of(acting)
        title = ngettext(
            "La personne qui vous suit", "Les %(number)s personnes qui vous suivent", number
        ) % {"number": number}
        if not number:
            title = _("Les personnes qui vous suivent (personne pour l’instant)")
        return Reach(level, title, _("Personne d’autre."), f"{title}.")
    if parent is not None:
        title = _("%(name)s, et les personnes que vous nommez") % {"name": parent.author}
        return Reach(level, title, _("Personne d’autre."), f"{title}.")
    title = _("Les personnes que vous nommez")
    return Reach(
        level,
        title,
        _("Écrivez @ et leur nom court dans le message. Personne d’autre ne le lira."),
        _("Les personnes que vous nommez avec @, personne d’autre."),
    )


def _narrow_reach_of_a_structure(level: int, parent: Publication | None, acting: Acting) -> Reach:
    """Those who act for it read it too, whoever of them wrote it."""
    number = _followers_of(acting)
    values = {"name": acting.actor, "number": number}
    if level == Level.MEMBERS:
        title = ngettext(
            "La personne qui suit %(name)s",
            "Les %(number)s personnes qui suivent %(name)s",
            number,
        )
    elif parent is not None:
        title, values["name"] = _("%(name)s, et les personnes que vous nommez"), parent.author
    else:
        title = _("Les personnes que vous nommez")
    hint = _("Et celles qui agissent pour %(name)s.") % {"name": acting.actor}
    title = title % values
    return Reach(level, title, hint, f"{title}. {hint}")


def _followers_of(acting: Acting) -> int:
    if acting.actor is None:
        return 0
    return acting.actor.followers.filter(
        state="accepted", follower__suspended_at=None, follower__deleted_at=None
    ).count()


def _city_size() -> int:
    """How many people have an account; a minute old at most."""
    number = cache.get("city-size")
    if number is None:
        number = User.objects.filter(
            is_active=True, actor__suspended_at=None, actor__deleted_at=None
        ).count()
        cache.set("city-size", number, CITY_SIZE_S)
    return int(number)


def _nearest(level: int, reaches: list[Reach]) -> int:
    within = [reach.level for reach in reaches if reach.level <= level]
    return within[-1] if within else reaches[0].level


def _usual(
    acting: Acting, group: Group | None, parent: Publication | None, reaches: list[Reach]
) -> int:
    """
    The level that is ticked at first: the parent's, or the one last used here,
    or the place's own (a group's members, the city on one's own page).
    """
    if parent is not None:
        return _nearest(parent.level, reaches)
    here = written_by(acting).filter(author=acting.actor, group=group, root=None, in_reply_to=None)
    last = here.order_by("-key").values_list("level_asked", flat=True).first()
    default = Level.CITY if group is None else Level.MEMBERS
    return _nearest(last or default, reaches)
