"""
Every route of the resolver, and how the sweep visits it.

A route that is not listed here fails ``tests/test_sweep.py``. Give it the
addresses to visit (``visit``), each with those who may know that the thing
exists (``known_to``; everybody else must get the answer of an absent thing, to
the byte), or say why nothing private can be behind it (``free``).
"""

from collections.abc import Callable, Iterable
from functools import partial

from tests.sweep_city import (
    ADMINISTRATOR,
    AUTHOR,
    BANNED,
    CITY_HALL,
    EVERYBODY,
    INSIDE,
    KNOW_HIDDEN,
    MARK,
    MEMBER,
    ORGANISER,
    OUTSIDER,
    READERS,
    SIGNED_IN,
    SweptCity,
)
from tests.sweep_finders import FINDERS
from tests.sweep_stops import Route, Stop, plain, searches, stop

# --- What there is to visit ---------------------------------------------------

PUBLICATIONS: dict[str, Iterable[str]] = {
    "open_note": EVERYBODY,
    **{
        f"{group} {what}": readers
        for group in ("closed", "hidden")
        for what, readers in {
            "level 0": {AUTHOR},
            "level 1": {AUTHOR, ORGANISER},
            "level 2": READERS,
            "level 5": READERS,
            "comment": READERS,
        }.items()
    },
    "for the city": SIGNED_IN - {"blocked"},
    "of the author's page": {AUTHOR},
    "deleted": {AUTHOR},
    "hidden words": {AUTHOR, ORGANISER},
}


def publications(free: str = "", only: tuple[str, ...] = ()) -> Route:
    """A route whose argument is the key of a publication."""
    return Route(
        lambda city, name: [
            stop(name, city.things[each].pk, known_to=readers)
            for each, readers in PUBLICATIONS.items()
            if not only or each in only
        ],
        free,
    )


# A route that few pages differ in is visited at these alone: the time is spent elsewhere.
FEW = ("open_note", "closed level 2", "hidden comment", "deleted", "hidden words")


def groups(free: str = "", *queries: str) -> Route:
    """A route whose argument is the name of a group."""
    return Route(
        lambda city, name: [
            stop(name, group.handle, known_to=known_to, query=query)
            for group, known_to in (
                (city.garden, EVERYBODY),
                (city.closed, EVERYBODY),
                (city.hidden, KNOW_HIDDEN),
                (city.asked, CITY_HALL | {AUTHOR}),
                (city.refused_group, CITY_HALL | {AUTHOR}),
            )
            for query in ("", *queries)
        ],
        free,
    )


def actors(free: str = "") -> Route:
    """A route whose argument is the name of an actor: a person, a group's, one that is gone."""
    return Route(
        lambda city, name: [
            stop(name, "author", known_to=EVERYBODY - {"blocked"}),
            stop(name, "member"),
            stop(name, "suspended", known_to=set()),
            stop(name, city.hidden.handle, known_to=KNOW_HIDDEN),
        ],
        free,
    )


def reports(known_to: dict[str, Iterable[str]]) -> Route:
    return Route(
        lambda city, name: [
            stop(name, city.things[each].pk, known_to=judges) for each, judges in known_to.items()
        ]
    )


def mine(thing: str, free: str = "") -> Route:
    """A route whose argument is the key of something of the author's alone."""
    return Route(
        lambda city, name: [stop(name, city.things[thing].pk, known_to={AUTHOR})],
        free,
    )


def of_member(free: str = "") -> Route:
    """A route about one member of a group: who belongs is known inside alone."""
    return Route(
        lambda city, name: [
            stop(name, city.closed.handle, "member", known_to=INSIDE),
            stop(name, city.hidden.handle, "discrete", known_to=INSIDE),
            stop(name, city.hidden.handle, "banned", known_to={ORGANISER}),
        ],
        free,
    )


def pictures(*width: int) -> Route:
    seen_by = {
        "closed picture": READERS,
        "hidden picture": READERS,
        "reported picture": READERS | CITY_HALL,
        "draft picture": {AUTHOR},
    }
    return Route(
        lambda city, name: [
            stop(
                name,
                city.things[each].token,
                *width,
                known_to=readers if width else {AUTHOR},
                vary=0,
            )
            for each, readers in seen_by.items()
        ]
    )


def events(free: str = "", query: str = "") -> Route:
    """A route whose argument is the number of an event."""
    return Route(
        lambda city, name: [
            stop(name, city.things[f"{each} event"].number, known_to=readers, query=query)
            for each, readers in (("open", EVERYBODY), ("closed", READERS), ("hidden", READERS))
        ],
        free,
    )


def series(free: str = "") -> Route:
    """A route whose argument is the number of a series."""
    return Route(
        lambda city, name: [
            stop(name, city.things[f"{each} series"].number, known_to=readers)
            for each, readers in (("open", EVERYBODY), ("closed", READERS), ("hidden", READERS))
        ],
        free,
    )


def everything_sought(city: SweptCity, name: str) -> list[Stop]:
    kinds = ("ruches", "messages", "personnes", "rendez-vous", "lieux")
    return [
        *(stop(name, query=f"?q=dit&quoi={kind}") for kind in kinds),
        stop(name, query="?theme=theme-du-balayage"),
        stop(name, query="?quartier=bellevue"),
        stop(name, query="?q=dit&ruche=protegee"),
        *searches(
            name, sought={city.canaries[each].word: found for each, found in FINDERS.items()}
        ),
    ]


# Words of others that one may type anywhere.
SOUGHT_BY_ALL = (
    "closed level 2",
    "the asked group's name",
)

PUBLIC_NAMES = "shows one's own row, or names that everybody reads on people's pages"
POST_ALONE = "answers nothing but POST"
NO_PRIVATE_FIELD = "shows no row of anybody"
OPENS_A_DOOR = "a form that everybody gets alike"
PROOF_ASKED = "asks for a fresh proof"
DATES_ALONE = "what was decided about whom, and when: names of people's pages, of nobody's words"
TABLES = "columns without words, ways to reach anybody or secrets"
EMPTY_FORM = "a form about something that all who see it may read elsewhere"

# Names that an administrator reads there, of people of whom nothing else is shown.
READ_IN_TABLES = ("a member's name",)


def _list_of_rows(city: SweptCity, name: str) -> list[Stop]:
    return [stop(name, reveals=READ_IN_TABLES)]


def _one_row(row: Callable[[SweptCity], object], city: SweptCity, name: str) -> list[Stop]:
    return [stop(name, row(city), known_to={ADMINISTRATOR}, reveals=READ_IN_TABLES)]


def tables() -> dict[str, Route]:
    """Lists of Django's admin and a row of each, for the administrator alone."""
    rows: dict[str, Callable[[SweptCity], object]] = {
        "accounts_user": lambda city: city.user("quiet").pk,
        "accounts_actor": lambda city: city.user("quiet").actor_id,
        "accounts_structure": lambda city: city.structure.pk,
        "groups_group": lambda city: city.closed.pk,
        "groups_membership": lambda city: city.garden.memberships.first().pk,
        "groups_publication": lambda city: city.open_note.pk,
        "groups_event": lambda city: city.things["open event"].pk,
        "groups_place": lambda city: city.things["open event's place"].pk,
        "groups_report": lambda city: city.things["to the city"].pk,
        "journal_audit": lambda city: city.things["an audit"].pk,
        "django_tasks_database_dbtaskresult": lambda city: city.things["failed task"].pk,
    }
    routes = {}
    for name, row in rows.items():
        of_people = name in ("accounts_user", "accounts_actor")
        named = of_people or name in ("groups_group", "groups_membership")
        routes[f"admin:{name}_changelist"] = Route(_list_of_rows, "" if named else TABLES)
        routes[f"admin:{name}_change"] = Route(partial(_one_row, row), "" if of_people else TABLES)
    return routes


ROUTES: dict[str, Route] = {
    # The house
    "health": plain("says whether the database answers"),
    "mailbox": plain("the demonstration alone has it"),
    "help": plain(NO_PRIVATE_FIELD),
    "accessibility": plain(NO_PRIVATE_FIELD),
    "legal": plain(NO_PRIVATE_FIELD),
    "sitemap": plain(NO_PRIVATE_FIELD),
    "display": plain(OPENS_A_DOOR),
    # The door
    **{
        name: plain(OPENS_A_DOOR)
        for name in (
            "account_signup",
            "account_signup_finish",
            "account_signup_passkey",
            "account_login",
            "account_confirm_login_code",
            "account_password_login",
            "mfa_login_webauthn",
            "mfa_authenticate",
            "account_inactive",
            "account_closed",
            "account_reauthenticate_code",
            "mfa_reauthenticate_webauthn",
            "account_logout",
        )
    },
    # One's own address, where the code goes.
    "account_reauthenticate": plain(),
    # Mine
    "me": plain(PUBLIC_NAMES),
    "profile": plain(),
    "devices": plain("one's own sessions, in words of ours"),
    "structures": plain(PUBLIC_NAMES),
    "structure": Route(
        lambda city, name: [stop(name, city.structure.actor.handle, known_to={AUTHOR})],
        PUBLIC_NAMES,
    ),
    "structure_proposal": Route(
        lambda city, name: [stop(name, city.lonely.actor.handle, known_to={OUTSIDER}, vary=0)],
        PUBLIC_NAMES,
    ),
    "step_down": Route(
        lambda city, name: [
            stop(name, city.structure.actor.handle, "author", known_to={AUTHOR}, vary=0)
        ],
        EMPTY_FORM,
    ),
    "blocked": plain(PUBLIC_NAMES),
    "relation_undo": Route(
        lambda city, name: [
            stop(name, "block", city.user("blocked").actor.pk, known_to={AUTHOR}),
        ],
        POST_ALONE,
    ),
    "follow_requests": plain(PUBLIC_NAMES),
    "security": plain(),
    "account_email": plain(OPENS_A_DOOR),
    "security_code": plain(OPENS_A_DOOR),
    "main_mail": mine("mail row", POST_ALONE),
    "remove_mail": mine("mail row", POST_ALONE),
    "remove_phone": plain(OPENS_A_DOOR),
    "account_change_password": plain(OPENS_A_DOOR),
    "remove_password": plain(OPENS_A_DOOR),
    "mfa_add_webauthn": plain(OPENS_A_DOOR),
    "mfa_remove_webauthn": Route(
        lambda city, name: [stop(name, city.things["passkey"].pk, known_to=set())], POST_ALONE
    ),
    "mfa_index": plain(OPENS_A_DOOR),
    "mfa_activate_totp": plain(OPENS_A_DOOR),
    "mfa_deactivate_totp": plain(OPENS_A_DOOR),
    "mfa_view_recovery_codes": plain(OPENS_A_DOOR),
    "mfa_generate_recovery_codes": plain(OPENS_A_DOOR),
    "follow": actors(EMPTY_FORM),
    "block": actors(EMPTY_FORM),
    "mute": actors(EMPTY_FORM),
    # Groups
    "groups:directory": Route(
        lambda city, name: [
            stop(name),
            *searches(
                name,
                sought={
                    **{
                        canary.word: set()
                        for each, canary in city.canaries.items()
                        if each in SOUGHT_BY_ALL or each.startswith("the hidden group's")
                    },
                    **{f"0{city.number_of(AUTHOR)}": set()},
                },
            ),
            stop(name, query="?theme=theme-du-balayage"),
        ],
        "lists what everybody may find, to everybody alike",
    ),
    "groups:create": plain(OPENS_A_DOOR),
    "groups:my_groups": plain(),
    "groups:invitation": Route(
        lambda city, name: [
            stop(
                name,
                city.invitation.token,
                reveals=[each for each in city.canaries if each.startswith("the hidden group's")],
            ),
            stop(name, city.things["spent invitation"].token, known_to=set()),
        ]
    ),
    "groups:group": groups(),
    "groups:settings": groups(),
    "groups:archive": groups(),
    "groups:poster": groups("", "?format=a4"),
    "groups:join": groups(),
    "groups:leave": groups(),
    "groups:follow_group": groups(),
    "groups:requests": groups(),
    "groups:members": Route(
        lambda city, name: [
            *groups("", f"?q={MARK}").stops(city, name),
            # Members are found by name: not by what else is known of them.
            *searches(
                name,
                city.closed.handle,
                sought={
                    city.canaries["mail of author"].word: set(),
                    city.canaries["closed level 2"].word: set(),
                    # Who is banned reads why, whatever is sought.
                    city.canaries["why banned of closed"].word: {BANNED},
                    f"0{city.number_of(AUTHOR)}": set(),
                },
            ),
        ]
    ),
    "groups:change_role": of_member(POST_ALONE),
    "groups:remove_member": of_member(),
    "groups:ban_member": of_member(),
    "groups:unban_member": of_member(POST_ALONE),
    "groups:invitations": groups(),
    "groups:revoke": Route(
        lambda city, name: [
            stop(
                name, city.hidden.handle, city.things["mailed invitation"].pk, known_to={ORGANISER}
            )
        ],
        POST_ALONE,
    ),
    # Feed
    "groups:home": plain(),
    "groups:city": plain(),
    "groups:search": Route(everything_sought),
    "groups:actor": actors(),
    "groups:hashtag": Route(
        lambda city, name: [
            stop(name, city.things["closed tag"].name, known_to=READERS),
            stop(name, city.things["hidden tag"].name, known_to=READERS),
        ]
    ),
    "groups:publish": plain(),
    "groups:publish_in": groups(),
    "groups:publication": publications(),
    "groups:reply": publications(only=FEW),
    "groups:edit": publications(only=FEW),
    "groups:delete": publications(only=FEW),
    "groups:restore": publications(POST_ALONE, only=FEW),
    "groups:like": publications(POST_ALONE, only=FEW),
    "groups:bookmark": publications(POST_ALONE, only=FEW),
    "groups:pin": publications(POST_ALONE, only=FEW),
    "groups:history": publications(),
    "groups:bookmarks": plain(),
    "groups:deleted": plain(),
    "groups:drafts": plain(),
    "groups:save_draft": plain(POST_ALONE),
    "groups:read_up_to": plain(POST_ALONE),
    "groups:notifications": plain(),
    "groups:mail_choices": plain(),
    "groups:stop_mails": Route(
        lambda city, name: [
            stop(name, city.things["stop token"]),
            stop(name, f"{city.things['stop token'][:-6]}000000", known_to=set()),
        ],
        OPENS_A_DOOR,
    ),
    # Events
    "groups:agenda": Route(
        lambda city, name: [
            *plain("", "?du=2027-01-01", "?jour=2027-01-01", "?quartier=bellevue").stops(
                city, name
            ),
            stop(name, query="?pres=48.390,-4.486"),
            *searches(
                name,
                field="pres",
                sought={city.canaries["closed event's place"].word: READERS},
            ),
            *searches(name, field="ruche", sought={city.hidden.handle: KNOW_HIDDEN}),
        ]
    ),
    "groups:my_agenda": plain(),
    "groups:group_agenda": groups(),
    "groups:create_event": groups(),
    "groups:event": events(),
    "groups:edit_event": events(),
    "groups:cancel_event": events(),
    "groups:come": events(),
    "groups:stay_away": events(),
    "groups:visitor": events(OPENS_A_DOOR),
    "groups:visitor_code": events(OPENS_A_DOOR),
    "groups:my_seat": Route(
        lambda city, name: [stop(name, city.things["seat token"]), stop(name, "0", known_to=set())],
        OPENS_A_DOOR,
    ),
    "groups:leave_my_seat": Route(
        lambda city, name: [stop(name, city.things["seat token"]), stop(name, "0", known_to=set())],
        OPENS_A_DOOR,
    ),
    "groups:attendees": events(),
    "groups:participants_csv": events(),
    "groups:participants_ods": events("the rows of the CSV, compressed"),
    "groups:programme": events(),
    "groups:create_session": events(),
    "groups:series": series(),
    "groups:end_series": series(),
    "groups:place": Route(
        lambda city, name: [
            stop(name, city.things[f"{each} event's place"].number, known_to=readers)
            for each, readers in (("open", EVERYBODY), ("closed", READERS), ("hidden", READERS))
        ]
    ),
    "groups:edit_place": Route(
        lambda city, name: [
            stop(name, city.things[f"{each} event's place"].number, known_to=readers)
            for each, readers in (("open", EVERYBODY), ("closed", READERS))
        ],
        "for the city's moderators, of places that everybody sees",
    ),
    "groups:calendar_address": plain(POST_ALONE),
    "opendata:city_calendar": plain("for everybody alike, with what everybody reads"),
    "opendata:openagenda": plain("for everybody alike, with what everybody reads", "?size=1"),
    "opendata:group_calendar": groups("for everybody alike, with what everybody reads"),
    "opendata:event_calendar": events(),
    "opendata:series_calendar": series(),
    "opendata:personal_calendar": Route(
        lambda city, name: [
            stop(
                name,
                city.things["calendar token"],
                # Whoever holds the address reads it.
                reveals=[each for each in city.canaries if each.startswith("closed event")],
            ),
            stop(name, f"{city.things['calendar token']}0", known_to=set()),
        ]
    ),
    "opendata:city_feed": plain("for everybody alike, with what everybody reads"),
    "opendata:group_feed": groups("for everybody alike, with what everybody reads"),
    # My data
    "groups:my_data": plain("says what is kept of everybody, and how large one's own copy is"),
    "groups:my_copy": Route(
        lambda city, name: [stop(name, city.things["copy"].pk, known_to={AUTHOR})],
    ),
    "groups:erase": plain(PROOF_ASKED),
    # Pictures
    "groups:attach": plain(),
    "groups:picture": pictures(),
    "groups:media": pictures(640),
    # Reports and the desk
    "groups:report": publications(only=FEW),
    "groups:hide": publications(only=FEW),
    "groups:show_again": publications(only=FEW),
    "groups:report_actor": actors(),
    "groups:my_report": reports(
        {
            "to organisers": {MEMBER},
            "to the city": {ORGANISER},
            "decided": {OUTSIDER, AUTHOR},
        }
    ),
    "groups:group_reports": groups(),
    "groups:group_report": Route(
        lambda city, name: [
            stop(name, city.closed.handle, city.things[each].pk, known_to=judges)
            for each, judges in (("to organisers", {ORGANISER}), ("to the city", set()))
        ]
    ),
    "groups:desk": plain(),
    "groups:desk_report": reports(
        {"to organisers": set(), "to the city": CITY_HALL, "decided": CITY_HALL}
    ),
    "groups:desk_groups": plain(),
    "groups:desk_group": Route(
        lambda city, name: [
            stop(name, city.asked.handle, known_to=CITY_HALL),
            stop(name, city.refused_group.handle, known_to=CITY_HALL),
            stop(name, city.hidden.handle, known_to=set()),
        ]
    ),
    "groups:desk_log": plain(),
    "groups:desk_settings": plain("what the city says of itself to everybody"),
    "groups:about": plain("what the city says of itself to everybody"),
    "groups:register": plain("numbers alone, to everybody alike"),
    "groups:my_decision": reports({"to the city": set(), "decided": {OUTSIDER, AUTHOR}}),
    "groups:suspended": plain(PROOF_ASKED),
    "groups:suspended_copy": Route(
        lambda city, name: [stop(name, city.things["copy"].pk)], PROOF_ASKED
    ),
    "groups:desk_appeals": plain(DATES_ALONE),
    "groups:desk_appeal": reports({"an appeal": CITY_HALL}),
    "groups:desk_people": plain(DATES_ALONE, "?nom=author"),
    "groups:desk_person": Route(
        lambda city, name: [
            stop(name, "author", known_to=CITY_HALL),
            stop(name, "suspended", known_to=CITY_HALL),
            stop(name, city.hidden.handle, known_to=set()),
        ],
        DATES_ALONE,
    ),
    "groups:lift_sanction": Route(
        lambda city, name: [stop(name, city.things["a sanction"].pk, known_to=CITY_HALL, vary=0)],
        EMPTY_FORM,
    ),
    "groups:desk_structures": plain(DATES_ALONE),
    "groups:desk_structure": Route(
        lambda city, name: [
            stop(name, city.lonely.actor.handle, known_to=CITY_HALL),
            stop(name, city.structure.actor.handle, known_to=set()),
        ],
        DATES_ALONE,
    ),
    "groups:close_structure": Route(
        lambda city, name: [stop(name, city.lonely.actor.handle, known_to=CITY_HALL, vary=0)],
        EMPTY_FORM,
    ),
    # The tables: absent for all but an administrator
    "admin:index": plain(NO_PRIVATE_FIELD),
    **tables(),
    # Live
    "live": Route(
        lambda city, name: [
            stop(name, query=f"?topic={topic}&after=1")
            for topic in ("me", "city", "g:protegee", f"g:{city.hidden.handle}", "u:author")
        ],
        "carries keys and counts, never words",
    ),
}
