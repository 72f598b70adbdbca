"""Pictures: who may send, see, bind and remove them; what is left when they go."""

import os
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.acting import Acting
from groups.actions import attachments as actions
from groups.models import (
    Attachment,
    Level,
    MembershipState,
    Report,
    ReportReason,
    Visibility,
)
from ruche.core.pictures import keep_picture, picture_folder
from ruche.journal.models import Effect, Entry
from tests.groups.pictures import a_photo, a_picture, media
from tests.people import a_client, a_membership, a_note, acting_as

pytestmark = pytest.mark.django_db


# --- Who may not see ----------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
@pytest.mark.parametrize("width", [480, 600])
def test_a_picture_of_a_protected_group_is_absent_for_who_does_not_belong(city, who, width):
    picture = a_picture(city.member, a_note(city.member, city.shelter))
    client = a_client(getattr(city, who) if who else None)

    for ask in (client.get, client.head):
        response = ask(
            media(picture, width), headers={"If-None-Match": f'"{picture.token}-{width}"'}
        )

        assert response.status_code == 404
    absent = client.get(f"/m/{'x' * 22}/{width}")
    refused = client.get(media(picture, width))
    assert refused.content == absent.content
    assert {name: value for name, value in refused.items() if name != "Content-Length"} == {
        name: value for name, value in absent.items() if name != "Content-Length"
    }


def test_who_belongs_sees_the_picture_of_a_protected_group(city):
    picture = a_picture(city.member, a_note(city.member, city.shelter))

    for user in (city.member, city.organiser):
        response = a_client(user).get(media(picture))

        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"


def test_a_picture_that_waits_is_its_owner_s_alone(city):
    picture = a_picture(city.member)

    for user in (None, city.organiser, city.administrator):
        assert a_client(user).get(media(picture)).status_code == 404
    assert a_client(city.member).get(media(picture)).status_code == 200


def test_the_address_dies_when_the_message_is_deleted_hidden_or_narrowed(city):
    for change in (
        {"deleted_at": timezone.now()},
        {"hidden_at": timezone.now()},
        {"level": Level.ORGANISERS},
    ):
        note = a_note(city.organiser, city.garden)
        picture = a_picture(city.organiser, note)
        etag = a_client().get(media(picture))["ETag"]

        type(note).objects.filter(pk=note.pk).update(**change)

        for client in (a_client(), a_client(city.member)):
            response = client.get(media(picture), headers={"If-None-Match": etag})
            assert response.status_code == 404, change


def test_the_address_dies_when_the_group_closes_or_one_leaves_it(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))
    assert a_client(city.resident).get(media(picture)).status_code == 200

    type(city.garden).objects.filter(pk=city.garden.pk).update(visibility=Visibility.CLOSED)

    assert a_client().get(media(picture)).status_code == 404
    assert a_client(city.resident).get(media(picture)).status_code == 404
    assert a_client(city.member).get(media(picture)).status_code == 200
    city.member.actor.memberships.update(state=MembershipState.LEFT)
    assert a_client(city.member).get(media(picture)).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/m//{token}/480", "//m/{token}/480", "/M/{token}/480", "/m/{token}/480/",
        "/m/{token}/0480",
        "/m/{token}/480.webp", "/m/{token}/480.css", "/m/{token}/480%0a", "/m/{token}/481",
        "/m/{token}/0", "/m/{token}/-480", "/m/{token}/99999", "/m/{token}/480;.png",
        "/m/%2e%2e/{token}/480", "/m/{token}%252f480", "/m/../m/{token}/480",
        "/m/{token}/..%2f480", "/m/{swapped}/480", "/m/{token}x/480", "/m/{token}/٤٨٠",
        "/media/{token}/480.webp", "/static/{token}/480.webp", "/m/.{token}/480",
    ],
)  # fmt: skip
def test_an_address_has_one_way_of_being_written(city, address):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))
    swapped = picture.token.swapcase()

    response = a_client().get(address.format(token=picture.token, swapped=swapped))

    assert response.status_code == 404


def test_another_way_of_writing_it_opens_nothing_to_who_may_not_see(city):
    picture = a_picture(city.member, a_note(city.member, city.shelter))

    for written in ("/m/{}%2f480", "/%6d/{}/480", "/m/{}/4%380"):
        address = written.format(picture.token)
        assert a_client(city.member).get(address).status_code == 200
        assert a_client(city.resident).get(address).status_code == 404


def test_nothing_is_written_at_the_address_of_a_picture(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))

    assert a_client(city.organiser).post(media(picture)).status_code == 405
    assert a_client(city.organiser).delete(media(picture)).status_code == 405


# --- How it is shown ----------------------------------------------------------


def test_a_public_picture_is_shown_with_its_safeguards(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))

    response = a_client().get(media(picture))

    assert response.status_code == 200
    assert response.content[:4] == b"RIFF"
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"].startswith('inline; filename="photo-')
    assert response["Cache-Control"] == "private, max-age=60"
    assert int(response["Content-Length"]) == len(response.content)
    assert "Set-Cookie" not in response


def test_head_tells_the_same_without_the_picture(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))

    full, head = a_client().get(media(picture)), a_client().head(media(picture))

    assert head.status_code == 200
    assert head.content == b""
    assert head["ETag"] == full["ETag"]
    assert head["Content-Type"] == full["Content-Type"]


def test_who_may_see_gets_304_for_what_they_hold_and_never_a_part(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.garden))
    client = a_client()
    etag = client.get(media(picture))["ETag"]

    again = client.get(media(picture), headers={"If-None-Match": etag})
    part = client.get(media(picture), headers={"Range": "bytes=0-3"})

    assert again.status_code == 304
    assert again["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert part.status_code == 200
    assert part["Accept-Ranges"] == "none"


# --- Done ---------------------------------------------------------------------


def test_a_picture_is_received_and_described(city):
    client = a_client(city.member)

    response = client.post(
        reverse("groups:attach"), {"photo": a_photo()}, headers={"X-Fragment": "picture"}
    )

    picture = Attachment.objects.get()
    assert response.status_code == 201
    assert f'value="{picture.token}"' in response.content.decode()
    assert (picture.owner, picture.widths, picture.height) == (city.member.actor, [480, 600], 400)
    address = reverse("groups:picture", args=[picture.token])
    assert client.get(address).status_code == 200
    assert (
        client.post(address, {"description": "Le \u202ejardin\n au printemps"}).status_code == 302
    )
    picture.refresh_from_db()
    assert picture.description == "Le jardin au printemps"


def test_a_picture_is_removed_after_a_question(city, django_capture_on_commit_callbacks):
    client = a_client(city.member)
    picture = a_picture(city.member)
    address = reverse("groups:picture", args=[picture.token])

    assert "effacée pour de bon" in client.get(f"{address}?retirer").content.decode()
    assert Attachment.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(address, {"remove": "1"})

    assert response.status_code == 302
    assert not Attachment.objects.exists()
    assert not picture_folder(picture.token).exists()


def test_files_stay_until_the_removal_is_committed(city, django_capture_on_commit_callbacks):
    picture = a_picture(city.member)

    with django_capture_on_commit_callbacks() as callbacks:
        actions.remove_picture(acting_as(city.member), attachment=picture)

    assert picture_folder(picture.token).exists()
    for callback in callbacks:
        callback()
    assert not picture_folder(picture.token).exists()


def test_pictures_are_bound_in_order_and_those_left_out_go(
    city, django_capture_on_commit_callbacks
):
    one, two, three = (a_picture(city.member) for _ in range(3))
    note = a_note(city.member, city.garden)
    acting = acting_as(city.member)

    actions.bind_pictures(acting, publication=note, tokens=[two.token, one.token])
    assert [p.token for p in note.attachments.all()] == [two.token, one.token]
    with django_capture_on_commit_callbacks(execute=True):
        actions.bind_pictures(acting, publication=note, tokens=[three.token, two.token])

    assert [p.token for p in note.attachments.all()] == [three.token, two.token]
    assert not picture_folder(one.token).exists()
    assert picture_folder(two.token).exists()


def test_describing_what_is_published_is_an_update(city):
    note = a_note(city.member, city.garden)
    picture = a_picture(city.member, note)

    actions.describe_picture(acting_as(city.member), attachment=picture, description="Le jardin")
    actions.describe_picture(acting_as(city.member), attachment=picture, description="Le jardin")

    entry = Entry.objects.get()
    assert (entry.effect, entry.object_key, entry.level) == (Effect.UPDATE, note.pk, note.level)


# --- The sweep ----------------------------------------------------------------


def test_only_the_house_sweeps(city):
    with pytest.raises(PermissionDenied):
        actions.sweep_pictures(acting_as(city.administrator))


def test_the_sweep_takes_what_waited_too_long_and_files_without_a_row(
    city, settings, django_capture_on_commit_callbacks
):
    long_ago = timezone.now() - timedelta(hours=25)
    fresh = a_picture(city.member)
    stale = a_picture(city.member, created_at=long_ago)
    standing = a_picture(city.member, a_note(city.member, city.garden), created_at=long_ago)
    deleted = a_picture(city.member, a_note(city.member, city.garden, deleted_at=long_ago))
    reported_note = a_note(city.member, city.garden, deleted_at=long_ago)
    reported = a_picture(city.member, reported_note)
    Report.objects.create(
        reporter=city.organiser.actor, target=city.member.actor, publication=reported_note,
        group=city.garden, reason=ReportReason.OTHER,
    )  # fmt: skip
    keep_picture(a_photo(), "orphan-" + "x" * 16)
    keep_picture(a_photo(), "new-born-" + "x" * 16)
    for folder in settings.MEDIA_ROOT.iterdir():
        if not folder.name.startswith("new-born"):
            os.utime(folder, (time.time() - 7200,) * 2)

    with django_capture_on_commit_callbacks(execute=True):
        removed = actions.sweep_pictures(Acting.system("ménage"))

    assert removed >= 3
    assert set(Attachment.objects.all()) == {fresh, standing, reported}
    assert {folder.name for folder in settings.MEDIA_ROOT.iterdir()} == {
        fresh.token, standing.token, reported.token, "new-born-" + "x" * 16,
    }  # fmt: skip
    assert not picture_folder(stale.token).exists()
    assert not picture_folder(deleted.token).exists()


def test_waiting_pictures_cost_the_same_few_or_many(city, django_assert_max_num_queries):
    client = a_client(city.member)
    a_picture(city.member)
    client.get(reverse("groups:attach"))
    with django_assert_max_num_queries(50) as few:
        client.get(reverse("groups:attach"))
    for _ in range(6):
        a_picture(city.member)

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("groups:attach"))


def test_a_membership_that_begins_opens_the_picture(city):
    picture = a_picture(city.organiser, a_note(city.organiser, city.shelter))
    assert a_client(city.resident).get(media(picture)).status_code == 404

    a_membership(city.resident, city.shelter)

    assert a_client(city.resident).get(media(picture)).status_code == 200
