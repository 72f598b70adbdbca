"""
The tables, as Django's admin shows them, to administrators alone: to read, never to change.

Whoever changes something does it by an action, on a page of ours. No column
here holds a secret, a way to reach somebody, or what was said; rows are those
that an administrator may know of anyway (``groups.visibility``).
"""

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.access import require_visible
from accounts.acting import Acting
from accounts.actions.reading import read_in_tables
from accounts.freshness import passed_second_factor
from accounts.models import Actor, Structure, User
from accounts.requests import Request
from groups.models import Event, Group, Membership, Place, Publication, Report, Visibility
from groups.visibility import (
    audit_visible_to,
    events_visible_to,
    groups_visible_to,
    people_judged_by,
    places_visible_to,
    reports_handled_by,
    visible_to,
)
from ruche.journal.models import Audit

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
PER_PAGE = 50


def acting_of(request: HttpRequest) -> Acting:
    return cast(Request, request).acting


class Tables(admin.AdminSite):
    """Absent for everybody but administrators whose second factor was given in this session."""

    site_title = site_header = _("Les tables de la ville")
    index_title = _("Les tables de la ville")
    index_template = "admin/tables.html"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return acting_of(request).is_administrator and passed_second_factor(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """To read alone; a door to sign in would tell that there is something behind."""
        inner = require_safe(super().admin_view(view, cacheable))

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require_visible(self.has_permission(request))
            return inner(request, *args, **kwargs)

        return cast(View, guarded)

    def get_urls(self) -> list[Any]:
        """The list of tables and the tables: no way in, no way out, nothing to change."""
        urls: list[Any] = [path("", self.admin_view(self.index), name="index")]
        for table in self._registry.values():
            urls += table.get_urls()
        return urls

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One list of all tables, in the order in which they are registered."""
        models = [
            {"name": table.title, "url": reverse(f"admin:{table.route}_changelist")}
            for table in self._registry.values()
            if isinstance(table, Table)
        ]
        return [{"name": self.index_title, "models": models}]


class Table(admin.ModelAdmin):
    """``columns`` of the ``rows`` that an administrator may know of."""

    title: Promise
    columns: tuple[str, ...] = ()
    # Whether each row that is opened is written in the journal.
    is_watched = False

    actions = None
    view_on_site = False
    ordering = ("-pk",)
    list_per_page = list_max_show_all = PER_PAGE
    show_full_result_count = False
    list_select_related: ClassVar[bool | tuple[str, ...]] = True
    change_list_template = "admin/table.html"
    change_form_template = "admin/row.html"

    @property
    def route(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def rows(self, acting: Acting) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows(acting_of(request)).order_by(*self.ordering)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.columns

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.columns

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The site asked who reads."""
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Nothing is filtered by the address: it would answer about columns that are not shown."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        folder = f"{self.opts.app_label}/{self.opts.model_name}/"
        return [
            path(folder, view(self.changelist_view), name=f"{self.route}_changelist"),
            path(f"{folder}<path:object_id>/", view(self.row_view), name=f"{self.route}_change"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return super().changelist_view(request, {"title": self.title})

    def row_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer: Any = self.change_view(
            request, object_id, extra_context={"title": self.title, "table": self}
        )
        if self.is_watched:
            read_in_tables(acting_of(request), row=answer.context_data["original"])
        return answer

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> NoReturn:
        raise Http404


tables = Tables(name="admin")


@admin.register(User, site=tables)
class Users(Table):
    title = _("Comptes")
    columns = ("handle", "actor", "city_role", "language", "is_active", "is_demo", "date_joined")
    search_fields = ("handle", "actor__name")
    is_watched = True

    def rows(self, acting: Acting) -> QuerySet[User]:
        return User.objects.filter(actor__in=people_judged_by(acting))


@admin.register(Actor, site=tables)
class Actors(Table):
    title = _("Personnes et structures")
    columns = (
        "handle",
        "name",
        "type",
        "discoverable",
        "created_at",
        "suspended_at",
        "limited_at",
    )
    search_fields = ("handle", "name")
    is_watched = True

    def rows(self, acting: Acting) -> QuerySet[Actor]:
        return people_judged_by(acting)


@admin.register(Structure, site=tables)
class Structures(Table):
    title = _("Structures")
    columns = ("actor", "kind", "ownerless_since")
    search_fields = ("actor__handle", "actor__name")

    def rows(self, acting: Acting) -> QuerySet[Structure]:
        return Structure.objects.filter(actor__in=people_judged_by(acting))


@admin.register(Group, site=tables)
class Groups(Table):
    title = _("Ruches")
    columns = (
        "actor",
        "structure",
        "visibility",
        "join_policy",
        "sensitive",
        "state",
        "created_at",
        "archived_at",
        "ownerless_since",
    )
    search_fields = ("actor__handle", "actor__name")

    def rows(self, acting: Acting) -> QuerySet[Group]:
        return groups_visible_to(acting).select_related("structure__actor")


@admin.register(Membership, site=tables)
class Memberships(Table):
    """Of public groups: who belongs to the others is known inside alone."""

    title = _("Membres des ruches publiques")
    columns = ("actor", "group", "role", "joined_at")
    list_select_related = ("actor", "group__actor")
    is_watched = True

    def rows(self, acting: Acting) -> QuerySet[Membership]:
        open_to_all = groups_visible_to(acting).filter(
            visibility=Visibility.PUBLIC, sensitive=False
        )
        return Membership.objects.current().filter(group__in=open_to_all)


@admin.register(Publication, site=tables)
class Publications(Table):
    title = _("Messages, sans leurs mots")
    columns = ("key", "type", "author", "group", "level", "discreet", "updated_at", "pinned_at")
    list_select_related = ("author", "group__actor")
    is_watched = True

    def rows(self, acting: Acting) -> QuerySet[Publication]:
        return visible_to(acting)


@admin.register(Event, site=tables)
class Events(Table):
    title = _("Rendez-vous")
    columns = ("number", "name", "starts_at", "ends_at", "status", "place")
    list_select_related = ("place",)
    search_fields = ("name",)

    def rows(self, acting: Acting) -> QuerySet[Event]:
        return events_visible_to(acting)


@admin.register(Place, site=tables)
class Places(Table):
    title = _("Lieux")
    columns = ("number", "name", "address", "quarter", "listed", "created_at")
    search_fields = ("name", "address")

    def rows(self, acting: Acting) -> QuerySet[Place]:
        return places_visible_to(acting)


@admin.register(Report, site=tables)
class Reports(Table):
    title = _("Signalements, sans leurs mots")
    columns = ("key", "to", "reason", "state", "decision", "ground", "decided_at")
    list_select_related = False

    def rows(self, acting: Acting) -> QuerySet[Report]:
        return reports_handled_by(acting)


@admin.register(Audit, site=tables)
class Audits(Table):
    title = _("Journal")
    columns = ("key", "verb", "actor_key", "object_kind", "object_key", "group_key", "via")

    def rows(self, acting: Acting) -> QuerySet[Audit]:
        return audit_visible_to(acting)


@admin.register(DBTaskResult, site=tables)
class FailedTasks(Table):
    """What they were given and how they broke stays out: both hold addresses and words."""

    title = _("Tâches manquées")
    columns = ("task_path", "exception_class_path", "enqueued_at", "started_at", "finished_at")
    ordering = ("-finished_at",)

    def rows(self, acting: Acting) -> QuerySet[DBTaskResult]:
        return DBTaskResult.objects.filter(status=TaskResultStatus.FAILED)
