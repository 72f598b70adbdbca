"""What is said in the swept city, and by whom it may be read. See ``tests.sweep_city``."""

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from groups.models import (
    Appeal,
    Attachment,
    Bookmark,
    Draft,
    Export,
    ExportState,
    Group,
    Hashtag,
    Invitation,
    Level,
    Like,
    Publication,
    Report,
    Revision,
    Sanction,
)
from groups.my_data.files import export_path
from ruche.core.db import create_keyed
from ruche.core.pictures import picture_path
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect
from tests.people import a_note, index_everything
from tests.sweep_city import (
    ANONYMOUS,
    AUTHOR,
    BANNED,
    BLOCKED,
    CITY_HALL,
    FORMER,
    IDENTITIES,
    MEMBER,
    MODERATOR,
    ORGANISER,
    OUTSIDER,
    READERS,
    SIGNED_IN,
    SUSPENDED,
    SweptCity,
    groups,
    people,
)
from tests.sweep_events import plant_events


def build() -> SweptCity:
    city = SweptCity()
    people(city)
    groups(city)
    _words(city)
    plant_events(city, READERS)
    _traces(city)
    _reports(city)
    _copy(city)
    _sessions(city)
    index_everything()
    suspended = city.user(SUSPENDED).actor
    city.open_browsers()
    # Only now: the session is alive.
    suspended.suspended_at = timezone.now()
    suspended.save()
    return city


def _note(
    city: SweptCity,
    name: str,
    seen_by: set[str],
    group: Group | None,
    *,
    level: int,
    author: str = AUTHOR,
    **values: Any,
) -> Publication:
    word = city.plant(name, seen_by)
    note = a_note(
        city.user(author),
        group,
        level=level,
        source=f"{word} dit",
        content=f"<p>{word} dit</p>",
        **values,
    )
    record(
        Effect.CREATE,
        note,
        actor_key=note.author_id,
        group_key=None if group is None else group.pk,
        author_key=note.author_id,
        root_key=note.root_key,
        level=level,
    )
    city.things[name] = note
    return note


def _words(city: SweptCity) -> None:
    closed, hidden, garden = city.closed, city.hidden, city.garden
    everybody = a_note(city.user(AUTHOR), garden, level=5, source="Pour tous")
    city.things["open_note"] = everybody
    for group, prefix in ((closed, "closed"), (hidden, "hidden")):
        _note(city, f"{prefix} level 0", {AUTHOR}, group, level=Level.DRAFT)
        _note(city, f"{prefix} level 1", {AUTHOR, ORGANISER}, group, level=Level.ORGANISERS)
        # Asked wider than the group: it stays inside.
        _note(city, f"{prefix} level 5", READERS, group, level=Level.PUBLIC)
        note = _note(city, f"{prefix} level 2", READERS, group, level=Level.MEMBERS)
        _note(
            city,
            f"{prefix} comment",
            READERS,
            group,
            level=Level.MEMBERS,
            in_reply_to=note,
            root=note,
        )
        tag = Hashtag.objects.create(name=city.plant(f"{prefix} hashtag", READERS))
        note.hashtags.add(tag)
        note.content += f"<p>#{tag.name}</p>"
        note.updated_at = timezone.now()
        note.save()
        Revision.objects.create(
            publication=note,
            source=f"{city.plant(f'{prefix} before an edit', READERS)} avant",
            content=f"<p>{city.canaries[f'{prefix} before an edit'].word} avant</p>",
        )
        city.things[f"{prefix} tag"] = tag
        _picture(city, f"{prefix} picture", READERS, note)
        for identity in (MEMBER, AUTHOR, FORMER, BANNED, SUSPENDED, BLOCKED):
            Like.objects.create(publication=note, actor=city.user(identity).actor)
            Bookmark.objects.create(publication=note, actor=city.user(identity).actor)
        told = [city.user(each).actor.pk for each in IDENTITIES if each != ANONYMOUS]
        notify(
            Effect.CREATE,
            note,
            recipients=told,
            actor_key=city.user(AUTHOR).actor.pk,
            group_key=group.pk,
        )
    _note(city, "for the city", SIGNED_IN - {BLOCKED}, garden, level=Level.CITY)
    _note(city, "of the author's page", {AUTHOR}, None, level=Level.MEMBERS)
    _note(
        city,
        "deleted",
        {AUTHOR},  # who may undo
        garden,
        level=Level.PUBLIC,
        deleted_at=timezone.now(),
    )
    _note(
        city,
        "hidden words",
        set(),
        garden,
        level=Level.PUBLIC,
        hidden_at=timezone.now(),
        hidden_under="organisers",
        hidden_because=city.plant("why words are hidden", {ORGANISER, AUTHOR}),
    )
    # Who hid it may put it back, and its author still reads their own words.
    city.canaries["hidden words"].seen_by |= {ORGANISER, AUTHOR}


def _picture(city: SweptCity, name: str, seen_by: set[str], note: Publication) -> None:
    token = city.plant(f"{name} address", seen_by)
    city.things[name] = Attachment.objects.create(
        token=token,
        owner=note.author,
        publication=note,
        description=city.plant(f"{name} description", seen_by),
        width=640,
        height=480,
        widths=[640],
    )
    _file(token, city.plant(f"{name} file", seen_by))


def _traces(city: SweptCity) -> None:
    author = city.user(AUTHOR).actor
    for place in ("me", "g:protegee", f"g:{city.hidden.handle}"):
        Draft.objects.create(
            actor=author, place=place, source=city.plant(f"draft at {place[:5]}", {AUTHOR}), level=2
        )
    _picture_of_a_draft(city)
    expiry = timezone.now() + timedelta(days=7)
    city.things["invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=expiry,
    )
    city.things["spent invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=timezone.now() - timedelta(days=1),
    )
    city.things["mailed invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=expiry,
        email=f"{city.plant('an invited address', {ORGANISER})}@courriel.test",
    )
    audit(
        "remove_member",
        city.hidden,
        actor_key=city.user(ORGANISER).actor.pk,
        user_key=None,
        via="page",
        group_key=city.hidden.pk,
        reason=city.plant("audit of the hidden group", set()),
    )
    city.things["failed task"] = DBTaskResult.objects.create(
        status="FAILED",
        task_path="ruche.core.mail.send",
        args_kwargs={"kwargs": {"to": city.plant("what a failed task was given", set())}},
        backend_name="default",
        run_after=timezone.now(),
        exception_class_path="OSError",
        traceback=city.plant("how a task failed", set()),
    )
    city.things["an audit"] = audit(
        "rescue_group",
        city.closed,
        actor_key=city.user(MODERATOR).actor.pk,
        user_key=None,
        via="page",
        group_key=city.closed.pk,
        reason=city.plant("audit of the city", CITY_HALL),
        power="city",
    )


def _sessions(city: SweptCity) -> None:
    for identity, user in city.users.items():
        if user is not None and identity in IDENTITIES:
            UserSession.objects.create(
                user=user,
                ip="2001:db8::7a71",
                session_key=city.plant(f"session of {identity}", set()),
                user_agent=city.plant(f"browser of {identity}", {identity}),
            )


def _picture_of_a_draft(city: SweptCity) -> None:
    city.things["draft picture"] = Attachment.objects.create(
        token=city.plant("draft picture address", {AUTHOR}),
        owner=city.user(AUTHOR).actor,
        description=city.plant("draft picture description", {AUTHOR}),
        width=640,
        height=480,
        widths=[640],
    )
    _file(city.canaries["draft picture address"].word, city.plant("draft picture file", {AUTHOR}))


def _copy(city: SweptCity) -> None:
    copy = Export.objects.create(
        actor=city.user(AUTHOR).actor,
        state=ExportState.READY,
        expires_at=timezone.now() + timedelta(hours=20),
    )
    city.things["copy"] = copy
    path = export_path(copy.token)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(city.plant("a copy of one's data", {AUTHOR}).encode())


def _file(token: str, word: str) -> None:
    path = picture_path(token, 640)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(word.encode())


def _reports(city: SweptCity) -> None:
    """One to the organisers, one to the city, one decided."""
    closed_note = city.things["closed level 2"]
    assert isinstance(closed_note, Publication)
    city.things["to organisers"] = create_keyed(
        Report,
        reporter=city.user(MEMBER).actor,
        target=city.user(AUTHOR).actor,
        publication=closed_note,
        group=city.closed,
        to="organisers",
        reason="hurtful",
        words=city.plant("words to the organisers", {ORGANISER, MEMBER}),
    )
    reported = _note(
        city,
        "reported to the city",
        READERS | CITY_HALL,
        city.closed,
        level=Level.MEMBERS,
    )
    _picture(city, "reported picture", READERS | CITY_HALL, reported)
    city.things["to the city"] = create_keyed(
        Report,
        reporter=city.user(ORGANISER).actor,
        target=city.user(AUTHOR).actor,
        publication=reported,
        group=city.closed,
        to="city",
        reason="privacy",
        words=city.plant("words to the city", {ORGANISER} | CITY_HALL),
    )
    city.things["decided"] = create_keyed(
        Report,
        reporter=city.user(OUTSIDER).actor,
        target=city.user(AUTHOR).actor,
        to="city",
        reason="other",
        words=city.plant("words of a decided report", {OUTSIDER} | CITY_HALL),
        state="closed",
        decision="warn",
        statement=city.plant("a statement", {OUTSIDER, AUTHOR} | CITY_HALL),
        decided_at=timezone.now(),
    )
    judged = create_keyed(
        Report,
        target=city.user(AUTHOR).actor,
        to="city",
        reason="other",
        state="closed",
        decision="warn",
        ground="law",
        statement=city.plant("an appealed statement", {AUTHOR} | CITY_HALL),
        decided_at=timezone.now(),
    )
    city.things["an appeal"] = create_keyed(
        Appeal,
        report=judged,
        appellant=city.user(AUTHOR).actor,
        words=city.plant("words of an appeal", {AUTHOR} | CITY_HALL),
    )
    city.things["a sanction"] = Sanction.objects.create(
        report=judged, target=city.user(AUTHOR).actor, kind="limit"
    )
