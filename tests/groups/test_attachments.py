"""Pictures: who may send, see, bind and remove them; what is left when they go."""

import io
import os
import time
from datetime import timedelta
from typing import cast

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.requests import Request
from groups.actions import attachments as actions
from groups.forms.attachments import pictures_of, take_pictures
from groups.models import (
    Attachment,
    Level,
    MembershipState,
    Publication,
    Report,
    ReportReason,
    Visibility,
)
from ruche.core.pictures import PictureRefused, keep_picture, picture_folder
from ruche.journal.models import Effect, Entry
from tests.people import a_client, a_membership, a_note, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    cache.clear()


def a_photo(name="photo.png", size=(600, 400), colour="teal"):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def a_picture(user, publication=None, **values):
    """A row and its files, as the action leaves them."""
    row = Attachment.objects.create(
        owner=user.actor, publication=publication, width=600, height=400, widths=[480, 600]
    )
    if values:
        Attachment.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
    folder = picture_folder(row.token)
    folder.mkdir(parents=True)
    for width in row.widths:
        Image.new("RGB", (width, width * 2 // 3), "teal").save(folder / f"{width}.webp")
    return row


def media(picture, width=480):
    return f"/m/{picture.token}/{width}"


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


# --- Who may not send, describe, bind or remove -------------------------------


def test_a_visitor_sends_no_picture(city):
    with pytest.raises(PermissionDenied):
        actions.attach_picture(Acting.anonymous("page"), file=a_photo())
    response = a_client().post(reverse("groups:attach"), {"photo": a_photo()})

    assert response.status_code == 302
    assert "next=" in response["Location"]
    assert not Attachment.objects.exists()


def test_somebody_who_was_suspended_sends_no_picture(city):
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()

    with pytest.raises(PermissionDenied):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    assert not Attachment.objects.exists()


def test_what_is_no_photo_is_refused_with_422_and_nothing_is_kept(city, settings):
    client = a_client(city.member)
    for name, content in (("a.png", b"<svg onload=alert(1)>"), ("b.jpg", b"%PDF-1.7")):
        file = SimpleUploadedFile(name, content, content_type="image/png")

        page = client.post(reverse("groups:attach"), {"photo": file})
        file.seek(0)
        fragment = client.post(
            reverse("groups:attach"), {"photo": file}, headers={"X-Fragment": "picture"}
        )

        assert page.status_code == fragment.status_code == 422
        assert "pas une photo" in fragment.content.decode()
        assert fragment["Content-Type"].startswith("text/plain")
    assert client.post(reverse("groups:attach")).status_code == 422
    assert not Attachment.objects.exists()
    assert not list(settings.MEDIA_ROOT.glob("*"))


def test_the_page_of_somebody_else_s_picture_is_absent(city):
    waiting = a_picture(city.member)
    published = a_picture(city.member, a_note(city.member, city.garden))
    client = a_client(city.organiser)

    for picture in (waiting, published):
        address = reverse("groups:picture", args=[picture.token])
        assert client.get(address).status_code == 404
        assert client.post(address, {"description": "à moi"}).status_code == 404
        assert client.post(address, {"remove": "1"}).status_code == 404

        picture.refresh_from_db()
        assert picture.description == ""
        assert picture_folder(picture.token).exists()


def test_a_stranger_s_picture_is_neither_bound_described_nor_removed(city):
    picture = a_picture(city.member)
    note = a_note(city.organiser, city.garden)
    stranger = acting_as(city.organiser)

    with pytest.raises(NotVisible):
        actions.bind_pictures(stranger, publication=note, tokens=[picture.token])
    with pytest.raises(NotVisible):
        actions.describe_picture(stranger, attachment=picture, description="à moi")
    with pytest.raises(NotVisible):
        actions.remove_picture(stranger, attachment=picture)

    picture.refresh_from_db()
    assert (picture.owner, picture.publication, picture.description) == (
        city.member.actor,
        None,
        "",
    )
    assert picture_folder(picture.token).exists()
    assert not Entry.objects.exists()


def test_nobody_puts_a_picture_into_somebody_else_s_message(city):
    picture = a_picture(city.member)
    note = a_note(city.organiser, city.garden)

    with pytest.raises(PermissionDenied):
        actions.bind_pictures(acting_as(city.member), publication=note, tokens=[picture.token])

    picture.refresh_from_db()
    assert picture.publication is None


def test_a_picture_stands_in_one_message_alone(city):
    acting = acting_as(city.member)
    first, second = a_note(city.member, city.garden), a_note(city.member, city.garden)
    picture = a_picture(city.member, first)

    with pytest.raises(NotVisible):
        actions.bind_pictures(acting, publication=second, tokens=[picture.token])

    picture.refresh_from_db()
    assert picture.publication == first


def test_four_pictures_are_the_most(city):
    pictures = [a_picture(city.member) for _ in range(5)]
    note = a_note(city.member, city.garden)

    with pytest.raises(ValidationError):
        actions.bind_pictures(
            acting_as(city.member), publication=note, tokens=[p.token for p in pictures]
        )

    assert not note.attachments.exists()


def test_a_picture_of_a_group_one_left_is_not_changed(city):
    picture = a_picture(city.member, a_note(city.member, city.garden))
    city.member.actor.memberships.update(state=MembershipState.LEFT)
    acting = acting_as(city.member)

    with pytest.raises(PermissionDenied):
        actions.describe_picture(acting, attachment=picture, description="x")
    with pytest.raises(PermissionDenied):
        actions.remove_picture(acting, attachment=picture)

    assert picture_folder(picture.token).exists()


def test_the_only_picture_of_a_message_without_words_stays(city):
    note = a_note(city.member, city.garden, source=" ")
    picture = a_picture(city.member, note)

    with pytest.raises(ValidationError):
        actions.remove_picture(acting_as(city.member), attachment=picture)

    assert note.attachments.exists()


def test_nine_pictures_do_not_wait_unless_the_oldest_is_stale(city):
    pictures = [a_picture(city.member) for _ in range(actions.MAX_WAITING)]

    with pytest.raises(PictureRefused, match="attendent"):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    stale = timezone.now() - actions.STALE_AFTER - timedelta(minutes=1)
    Attachment.objects.filter(pk=pictures[3].pk).update(created_at=stale)
    actions.attach_picture(acting_as(city.member), file=a_photo())
    assert not Attachment.objects.filter(pk=pictures[3].pk).exists()


def test_a_long_description_is_refused(city):
    picture = a_picture(city.member)

    with pytest.raises(ValidationError):
        actions.describe_picture(acting_as(city.member), attachment=picture, description="a" * 1501)

    picture.refresh_from_db()
    assert picture.description == ""


def test_pictures_are_not_decoded_inside_a_transaction(city):
    with transaction.atomic(), pytest.raises(AssertionError):
        actions.attach_picture(acting_as(city.member), file=a_photo())


def test_a_failed_row_leaves_no_files(city, settings, monkeypatch):
    def fail(**_values):
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(Attachment.objects, "create", fail)

    with pytest.raises(RuntimeError):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    assert not list(settings.MEDIA_ROOT.glob("*"))


MULTIPART = "multipart/form-data; boundary=x"


def a_part(name, content, *headers, file=False):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if file:
        disposition += f'; filename="{name}.png"'
    return "\r\n".join(["--x", disposition, *headers, "", content, ""]).encode()


HOSTILE_BODIES = {
    "100 000 fields": a_part("a", "b") * 100_000 + b"--x--\r\n",
    "1 000 files": a_part("photo", "b", file=True) * 1_000 + b"--x--\r\n",
    "a field of 10 MB": a_part("a", "b" * 10_000_000) + b"--x--\r\n",
    "no last boundary": a_part("photo", "b", file=True),
    "10 MB of white": a_part(
        "photo", " " * 10_000_000, "Content-Transfer-Encoding: base64", file=True
    ) + b"--x--\r\n",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_a_hostile_form_is_refused_quickly(city, name):
    client = a_client(city.member)

    started = time.perf_counter()
    response = client.post(reverse("groups:attach"), HOSTILE_BODIES[name], content_type=MULTIPART)

    assert response.status_code in (400, 422)
    assert time.perf_counter() - started < 5  # Under one second when nothing else runs.
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.png", "a\r\nSet-Cookie: x=1.png", '"><img src=x onerror=1>.png']
)
def test_the_name_of_a_file_is_never_used(city, settings, name):
    file = a_photo(name)

    response = a_client(city.member).post(reverse("groups:attach"), {"photo": file})

    picture = Attachment.objects.get()
    assert response.status_code == 302
    assert [folder.name for folder in settings.MEDIA_ROOT.iterdir()] == [picture.token]
    assert name not in str(list(a_client(city.member).get(media(picture, 600)).items()))


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


# --- The composer's fields ----------------------------------------------------


def a_request(data):
    return cast(Request, RequestFactory().post("/publier", data))


def taken(user, data, publication=None):
    return take_pictures(a_request(data), acting_as(user), publication=publication)


def test_a_composer_shown_again_keeps_pictures_and_their_words(city):
    waiting = a_picture(city.member)

    pictures = taken(
        city.member,
        {
            "picture": [waiting.token],
            f"description-{waiting.token}": "Le jardin",
            "photo": [a_photo(), SimpleUploadedFile("notes.txt", b"bonjour")],
        },
    )

    assert pictures.stay
    assert [row.description for row in pictures.rows] == ["Le jardin", ""]
    assert pictures.refusals == [
        "notes.txt : Ce fichier n’est pas une photo. Envoyez une image JPEG, PNG, WebP ou GIF."
    ]


def test_a_composer_takes_nothing_of_somebody_else(city):
    picture = a_picture(city.organiser)

    pictures = taken(
        city.member,
        {
            "picture": [picture.token],
            f"description-{picture.token}": "x",
            "remove_picture": picture.token,
        },
    )

    assert pictures.rows == []
    assert pictures.stay
    picture.refresh_from_db()
    assert picture.description == ""


def test_a_visitor_s_files_are_not_even_read(city):
    request = a_request({"photo": [a_photo()]})

    assert take_pictures(request, Acting.anonymous("page")).rows == []
    assert not Attachment.objects.exists()


def test_the_fifth_picture_is_refused_and_the_four_stay(city):
    pictures = taken(city.member, {"photo": [a_photo(f"{n}.png") for n in range(5)]})

    assert len(pictures.rows) == 4
    assert pictures.refusals[0].startswith("4.png")


def test_a_picture_that_waits_can_be_taken_out_without_script(city):
    one, two = a_picture(city.member), a_picture(city.member)

    pictures = taken(city.member, {"picture": [one.token, two.token], "remove_picture": one.token})

    assert pictures.stay
    assert pictures.tokens == [two.token]
    assert list(Attachment.objects.values_list("pk", flat=True)) == [two.pk]


def test_editing_takes_a_published_picture_out_only_when_it_is_saved(city):
    note = a_note(city.member, city.garden)
    picture = a_picture(city.member, note)

    pictures = taken(
        city.member, {"picture": [picture.token], "remove_picture": picture.token}, publication=note
    )

    assert pictures.tokens == []
    assert pictures_of(note).tokens == [picture.token]


def test_a_picture_of_another_message_does_not_come_into_a_composer(city):
    picture = a_picture(city.member, a_note(city.member, city.garden))

    pictures = taken(city.member, {"picture": [picture.token]})

    assert pictures.rows == []
    assert not pictures.stay


def test_a_picture_that_is_gone_is_asked_for_again(city):
    pictures = taken(city.member, {"picture": ["x" * 22]})

    assert pictures.stay
    assert "ajoutez-la à nouveau" in pictures.refusals[0]


def test_a_note_is_published_with_its_pictures_and_pressed_twice_stays_one(city):
    client = a_client(city.member)
    address = reverse("groups:publish_in", args=["jardin"])
    once = client.get(address).context["composer"].once
    picture = a_picture(city.member)
    sent = {
        "source": "Le jardin",
        "level": "5",
        "confirmed": "1",
        "once": once,
        "picture": picture.token,
        f"description-{picture.token}": "Des tomates",
    }

    first = client.post(address, {**sent, "photo": a_photo()})
    second = client.post(address, sent)

    assert (first.status_code, second.status_code) == (302, 302)
    note = Publication.objects.get()
    assert [row.description for row in note.attachments.all()] == ["Des tomates", ""]
    page = a_client().get(note.get_absolute_url()).content.decode()
    assert f"/m/{picture.token}/480 480w" in page
    assert 'alt="Des tomates"' in page


def test_a_refused_picture_gives_the_composer_back_with_everything_in_it(city):
    client = a_client(city.member)
    picture = a_picture(city.member)

    response = client.post(
        reverse("groups:publish_in", args=["jardin"]),
        {
            "source": "Le jardin au printemps",
            "level": "5",
            "picture": picture.token,
            f"description-{picture.token}": "Des tomates",
            "photo": SimpleUploadedFile("a.pdf", b"%PDF"),
        },
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert not Publication.objects.exists()
    for kept in ("Le jardin au printemps", picture.token, "Des tomates", "n’est pas une photo"):
        assert kept in page


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
