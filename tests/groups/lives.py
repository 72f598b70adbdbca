"""Somebody with at least one row in each column that names a person."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group as Rights
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from accounts.models import Block, Follow, Manager, Mute, Proposal, User
from accounts.models.follow import FollowState
from groups.models import (
    Appeal,
    Attachment,
    Attendance,
    AttendanceState,
    Audience,
    Bookmark,
    CalendarAddress,
    Draft,
    Event,
    Export,
    ExportState,
    Group,
    GroupState,
    Hashtag,
    Invitation,
    Level,
    Like,
    MailChoice,
    Marker,
    Membership,
    MembershipRole,
    Mention,
    Place,
    Publication,
    Report,
    ReportState,
    Revision,
    Sanction,
    next_number,
)
from groups.my_data.files import export_path
from ruche.core.db import atomic, create_keyed
from ruche.core.pictures import picture_path
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect
from ruche.mail.models import Digest, Sent
from tests.people import City, a_client, a_group, a_membership, a_note, a_structure, a_user

WIDTH = 640


@dataclass
class Life:
    user: User
    browser: Client
    answered: Publication
    alone: Publication
    own_page: Publication
    reply: Publication
    others_note: Publication
    link: Invitation
    report: Report
    asked: Group
    picture: Attachment


def a_picture(user: User, publication: Publication | None = None, **values: object) -> Attachment:
    row = Attachment.objects.create(
        owner=user.actor,
        publication=publication,
        width=WIDTH,
        height=480,
        widths=[320, WIDTH],
        **values,
    )
    for width in row.widths:
        path = picture_path(row.token, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF____WEBPVP8 " + row.token.encode())
    return row


def a_full_life(city: City, handle: str = "partante") -> Life:
    """Words hold ``handle`` so that a search finds what is left of them."""
    mark = f"mot-{handle}"
    user = a_user(handle, f"Nom {mark}", phone="+33639980001", phone_verified=True)
    me, other = user.actor, city.member.actor
    me.summary = f"Présentation {mark}"
    me.save()
    browser = a_client(user)
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "secret-seed"})
    UserSession.objects.create(
        user=user, ip="192.0.2.7", session_key=f"{handle}-session", user_agent=f"Firefox {mark}"
    )
    user.groups.add(Rights.objects.create(name="rights"))
    kind, _ = ContentType.objects.get_or_create(app_label="accounts", model="user")
    user.user_permissions.add(
        Permission.objects.get_or_create(content_type=kind, codename="essai", name="Essai")[0]
    )
    LogEntry.objects.create(user=user, content_type=kind, action_flag=1)
    for one, two in ((me, other), (other, me)):
        Follow.objects.create(follower=one, target=two, state=FollowState.ACCEPTED)
        Mute.objects.create(actor=one, target=two)
    Block.objects.create(actor=me, target=city.banned.actor)
    Block.objects.create(actor=city.former.actor, target=me)
    structure = a_structure("maison", "Maison", city.organiser)
    Manager.objects.create(user=user, actor=structure.actor, role="mediator")
    quay, dyke = a_structure("quai", "Quai"), a_structure("digue", "Digue")
    Proposal.objects.create(structure=quay, user=user)
    Proposal.objects.create(structure=dyke, user=city.resident, proposed_by=user.actor)
    a_membership(
        user, city.garden, answers=[{"question": "Pourquoi ?", "answer": f"Parce que {mark}"}]
    )
    Membership.objects.filter(actor=other, group=city.garden).update(invited_by=me)
    asked = a_group("demandee", state=GroupState.ASKED, created_by=me, asked_because=mark)
    a_group("ouverte", created_by=me, asked_because=f"Il faut {mark}")
    expires = timezone.now() + timedelta(days=7)
    link = Invitation.objects.create(group=city.garden, created_by=me, expires_at=expires)
    Invitation.objects.create(
        group=city.garden, created_by=me, expires_at=expires, email=f"{mark}@courriel.test"
    )
    alone = a_note(user, city.garden, source=f"Seul {mark}")
    answered = a_note(user, city.garden, source=f"Répondu {mark}", written_by=user, byline=mark)
    a_note(city.member, city.garden, source="Je réponds", in_reply_to=answered, root=answered)
    Revision.objects.create(publication=answered, source=f"Avant {mark}", level=Level.PUBLIC)
    answered.hashtags.add(Hashtag.objects.create(name="voisinage"))
    Mention.objects.create(publication=answered, actor=other)
    Like.objects.create(publication=answered, actor=other)
    Bookmark.objects.create(publication=answered, actor=other)
    picture = a_picture(user, answered, description=f"Photo {mark}")
    a_picture(user)
    own_page = a_note(user, source=f"Ma page {mark}")
    note = a_note(city.member, city.garden, source="Autrui", written_by=user)
    reply = a_note(user, city.garden, source=f"Réponse {mark}", in_reply_to=note, root=note)
    Audience.objects.create(publication=note, actor=me)
    Mention.objects.create(publication=note, actor=me)
    place = Place.objects.create(
        number=next_number("place"), name="Lieu", address="Rue", created_by=me
    )
    for number, author in enumerate((city.member, user)):
        past = Event.objects.create(
            publication=a_note(author, city.garden, source=f"Fête {mark if number else ''}"),
            number=next_number("event"),
            name=f"Fête {mark if number else ''}",
            starts_at=timezone.now() - timedelta(days=2),
            ends_at=timezone.now() - timedelta(days=1),
            place=place,
        )
        create_keyed(Attendance, event=past, actor=me, state=AttendanceState.GOING)
    CalendarAddress.objects.create(user=user, nonce="secret-nonce")
    MailChoice.objects.create(
        user=user, topic="group", group=city.garden, rhythm="now", nonce="secret-mail-nonce"
    )
    Sent.objects.create(user=user, kind="publication", key="1")
    Digest.objects.create(user=user, day=timezone.localdate(), up_to=1)
    Draft.objects.create(actor=me, place="me", source=f"Brouillon {mark}")
    Like.objects.create(publication=note, actor=me)
    Bookmark.objects.create(publication=note, actor=me)
    Marker.objects.create(actor=me, topic="g:jardin", key=note.pk)
    report = create_keyed(
        Report,
        reporter=me,
        target=other,
        publication=note,
        to="city",
        reason="other",
        words=mark,
        state=ReportState.CLOSED,
        decision="nothing",
        statement="Rien à redire.",
    )
    about_me = create_keyed(
        Report,
        reporter=other,
        target=me,
        publication=alone,
        to="city",
        reason="other",
        words="Plainte",
        state=ReportState.CLOSED,
        decision="warn",
        statement="Prévenue.",
        decided_by=me,
    )
    Sanction.objects.create(report=about_me, target=me, kind="limit")
    create_keyed(Appeal, report=about_me, appellant=me, words=f"Recours {mark}", decided_by=me)
    notify(Effect.MENTION, note, recipients=[me.pk], actor_key=other.pk)
    notify(Effect.LIKE, note, recipients=[other.pk], actor_key=me.pk)
    record(Effect.CREATE, alone, actor_key=me.pk, author_key=me.pk)
    with atomic():
        audit("make_organiser", city.garden, actor_key=me.pk, user_key=user.pk, via="page")
    export = Export.objects.create(actor=me, state=ExportState.READY, expires_at=expires)
    export_path(export.token).parent.mkdir(parents=True, exist_ok=True)
    export_path(export.token).write_bytes(b"zip")
    return Life(user, browser, answered, alone, own_page, reply, note, link, report, asked, picture)


def organises(user: User, group: Group) -> Membership:
    membership, _ = Membership.objects.update_or_create(
        actor=user.actor,
        group=group,
        defaults={"state": "member", "role": MembershipRole.ORGANISER},
    )
    return membership
