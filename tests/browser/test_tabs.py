"""Two tabs of one browser agree on the bell, without a socket."""

import pytest
from playwright.sync_api import expect

from groups.actions.reactions import like
from tests.people import a_note, acting_as

pytestmark = pytest.mark.django_db(transaction=True)


def bell(page):
    return page.locator("[data-live-bell] b")


def test_what_is_read_in_one_tab_is_silent_in_the_others(city, open_context):
    note = a_note(city.member, city.garden)
    like(acting_as(city.organiser), publication=note)
    context = open_context(city.member)
    stays, reads = context.new_page(), context.new_page()
    stays.goto("/ruches")
    expect(bell(stays)).to_have_text("1")

    reads.goto("/moi/nouvelles")
    reads.get_by_role("button", name="J’ai tout lu").click()

    expect(bell(stays)).to_be_hidden()


def test_what_comes_while_a_tab_stands_open_is_counted_by_the_next_page(city, open_context):
    note = a_note(city.member, city.garden)
    context = open_context(city.member)
    stays, comes = context.new_page(), context.new_page()
    stays.goto("/ruches")
    expect(bell(stays)).to_be_hidden()

    like(acting_as(city.organiser), publication=note)
    comes.goto("/ruches")

    expect(bell(stays)).to_have_text("1")
