"""Pictures and drafts in the composer, with and without script."""

import base64
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from PIL import Image
from playwright.sync_api import Page, expect

from groups.models import Attachment, Draft, Publication
from ruche.core.pictures import picture_folder

COMPOSER = "/g/jardin/publier"


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    cache.clear()


def a_photo(size=(1200, 800), colour="teal", kind="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def a_heavy_photo():
    file = io.BytesIO()
    Image.effect_noise((2000, 1500), 80).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def a_file(name="jardin.jpg", content=None, kind="image/jpeg"):
    return {"name": name, "mimeType": kind, "buffer": content or a_photo()}


@pytest.fixture
def page(open_context, city):
    """The composer of the garden, open in the browser of a member."""
    page = open_context(city.member).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on(
        "console",
        lambda said: page.errors.append(said.text) if "Content Security" in said.text else None,
    )
    page.goto(COMPOSER)
    yield page
    assert page.errors == []


def choose(page: Page, *files):
    page.locator("form[data-composer] input[type=file]").set_input_files(list(files))


def status(page: Page):
    return page.locator("[data-picker-status]")


def items(page: Page):
    return page.locator("[data-picker-list] .picker-item")


def publish(page: Page):
    page.get_by_role("button", name="Publier", exact=True).click()


def slow_down(page: Page, bytes_per_s: int):
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_per_s,
        },
    )


def drop(page: Page, event: str, files: list[dict]):
    """Let go of files over the words, or paste them there."""
    data = page.evaluate_handle(
        """files => {
            const data = new DataTransfer();
            for (const {name, type, content} of files) {
                const bytes = Uint8Array.from(atob(content), sign => sign.charCodeAt(0));
                data.items.add(new File([bytes], name, {type}));
            }
            return data;
        }""",
        [
            {
                "name": file["name"],
                "type": file["mimeType"],
                "content": base64.b64encode(file["buffer"]).decode(),
            }
            for file in files
        ],
    )
    words = page.get_by_label("Votre message")
    if event == "paste":
        words.evaluate(
            """(words, data) => words.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true}))""",
            data,
        )
        return
    words.dispatch_event("dragenter", {"dataTransfer": data})
    words.dispatch_event("dragover", {"dataTransfer": data})
    expect(page.locator("form[data-composer]")).to_have_class(re.compile("is-dropping"))
    words.dispatch_event("drop", {"dataTransfer": data})


def test_a_picture_leaves_at_once_is_described_and_published(page, city):
    slow_down(page, 400_000)
    page.evaluate(
        """() => {
            window.said = [];
            const status = document.querySelector("[data-picker-status]");
            new MutationObserver(() => said.push(status.textContent))
                .observe(status, {childList: true, characterData: true, subtree: true});
        }"""
    )
    choose(page, a_file(content=a_heavy_photo()))

    expect(items(page).locator("progress")).to_be_visible()
    # The bar moves: half of it is said once it was passed, which the list below shows.
    expect(items(page).get_by_role("textbox")).to_be_visible(timeout=30_000)
    assert [said for said in page.evaluate("window.said") if said] == [
        "Envoi de la photo 0 %",
        "La moitié de la photo est envoyée.",
        "La photo est ajoutée. Décrivez-la en une phrase. 100 %",
    ]
    assert Attachment.objects.get().publication is None
    slow_down(page, -1)
    items(page).get_by_role("textbox").fill("Le jardin sous la neige")
    page.get_by_label("Votre message").fill("Bonjour")
    publish(page)

    page.wait_for_url(re.compile("/g/jardin"))
    picture = Attachment.objects.get()
    page.goto(f"/p/{picture.publication_id}")
    shown = page.locator("article .picture img")
    expect(shown).to_have_attribute("alt", "Le jardin sous la neige")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert "960w" in (shown.get_attribute("srcset") or "")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_pictures_are_dropped_or_pasted_into_the_composer(page, event):
    drop(page, event, [a_file("un.jpg"), a_file("deux.png", a_photo(kind="PNG"), "image/png")])

    expect(items(page).get_by_role("textbox")).to_have_count(2)
    assert Attachment.objects.count() == 2
    expect(page.locator("form[data-composer]")).not_to_have_class(re.compile("is-dropping"))


def test_a_picture_is_taken_away_again(page):
    choose(page, a_file())
    items(page).get_by_role("button", name="Retirer cette photo").click()

    expect(items(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Ajouter des photos")).to_be_focused()
    expect(status(page)).to_have_text("La photo est retirée.")
    assert not Attachment.objects.exists()


def test_what_is_no_photo_is_said_and_the_words_stay(page):
    page.get_by_label("Votre message").fill("Bonjour")
    choose(page, a_file("dessin.svg", b"<svg onload=alert(1)>", "image/svg+xml"))

    expect(status(page)).to_contain_text("pas une photo")
    expect(items(page)).to_have_count(0)
    expect(page.get_by_label("Votre message")).to_have_value("Bonjour")
    assert not Attachment.objects.exists()


def test_a_fifth_picture_is_not_sent(page):
    choose(page, *[a_file(f"{n}.jpg") for n in range(5)])

    expect(status(page)).to_contain_text("ajoutée", timeout=30_000)
    expect(items(page).get_by_role("textbox")).to_have_count(4, timeout=30_000)
    expect(page.get_by_role("button", name="Ajouter des photos")).to_be_hidden()
    assert Attachment.objects.count() == 4


def test_who_publishes_while_a_picture_leaves_waits_for_it(page):
    slow_down(page, 400_000)
    page.get_by_label("Votre message").fill("Avec sa photo")
    choose(page, a_file(content=a_heavy_photo()))
    button = page.get_by_role("button", name="Publier", exact=True)
    button.click()
    button.click()

    expect(button).to_have_attribute("aria-busy", "true")
    page.wait_for_url(re.compile("/g/jardin#"), timeout=30_000)
    note = Publication.objects.get()
    assert note.attachments.count() == 1


def test_two_presses_are_one_message(page):
    page.get_by_label("Votre message").fill("Une seule fois")
    page.get_by_role("button", name="Publier", exact=True).dblclick()

    page.wait_for_url(re.compile("/g/jardin#"))
    assert Publication.objects.count() == 1


def test_words_are_kept_while_they_come(page):
    page.get_by_label("Votre message").press_sequentially("Je commence")

    expect(page.locator("[data-draft-status]")).to_have_text(
        re.compile(r"Brouillon enregistré à \d{1,2} h \d\d"), timeout=10_000
    )
    assert Draft.objects.get().source == "Je commence"
    page.reload()
    expect(page.get_by_label("Votre message")).to_have_value("Je commence")


def test_enter_in_a_choice_never_takes_a_picture_away(page):
    choose(page, a_file())
    expect(items(page).get_by_role("textbox")).to_be_visible()
    page.get_by_label("Votre message").fill("Par la touche Entrée")
    page.locator(".who-sees summary").click()
    page.locator("input[name=level]:checked").press("Enter")

    page.wait_for_url(re.compile("/g/jardin#"))
    assert Publication.objects.get().attachments.count() == 1


def test_editing_adds_and_takes_away(page, city):
    choose(page, a_file())
    expect(items(page).get_by_role("textbox")).to_be_visible()
    page.get_by_label("Votre message").fill("Avant")
    publish(page)
    page.wait_for_url(re.compile("/g/jardin#"))
    first = Attachment.objects.get()

    page.goto(f"/p/{first.publication_id}/modifier")
    items(page).get_by_role("button", name="Retirer cette photo").click()
    expect(items(page)).to_have_count(0)
    assert picture_folder(first.token).exists()
    choose(page, a_file("autre.jpg", a_photo(colour="red")))
    expect(items(page).get_by_role("textbox")).to_be_visible()
    page.get_by_role("button", name="Enregistrer").click()

    page.wait_for_url(re.compile(r"/(p|g)/(?!.*modifier)"))
    second = Attachment.objects.get()
    assert second.pk != first.pk
    assert second.publication_id == first.publication_id
    assert not picture_folder(first.token).exists()


def test_without_script_pictures_are_sent_then_described_then_published(open_context, city):
    page = open_context(city.member, width=360, java_script_enabled=False).new_page()
    page.goto(COMPOSER)
    page.get_by_label("Votre message").fill("Sans script")
    page.get_by_text("Ajouter des photos").click()
    page.get_by_label("Vos photos").set_input_files(
        [a_file("un.jpg"), a_file("deux.jpg"), a_file("notes.txt", b"Bonjour", "text/plain")]
    )
    page.get_by_role("button", name="Envoyer ces photos").click()

    expect(page.get_by_role("alert")).to_contain_text("notes.txt : Ce fichier n’est pas une photo")
    expect(page.get_by_label("Votre message")).to_have_value("Sans script")
    described = page.get_by_label(re.compile("Que voit-on"))
    expect(described).to_have_count(2)
    described.nth(0).fill("La première")
    page.get_by_role("button", name="Retirer cette photo").nth(1).click()
    expect(page.get_by_label(re.compile("Que voit-on"))).to_have_value("La première")
    page.get_by_role("button", name="Publier", exact=True).click()

    note = Publication.objects.get()
    assert [row.description for row in note.attachments.all()] == ["La première"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_composer_with_pictures_is_accessible_and_fits(open_context, city, scheme):
    page = open_context(city.member, width=320, scheme=scheme).new_page()
    page.goto(COMPOSER)
    choose(page, a_file(), a_file("haute.jpg", a_photo((600, 1600))))
    expect(items(page).get_by_role("textbox")).to_have_count(2, timeout=30_000)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
