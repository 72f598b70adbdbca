"""What pages say to machines about themselves."""

from django import template

from accounts.acting import Acting
from groups.models import Event
from groups.programme import MOST_SESSIONS
from groups.visibility import events_listed_for
from ruche.opendata.formats.jsonld import event_document, script_of

register = template.Library()


@register.simple_tag
def event_json_ld(event: Event) -> str:
    """The event as JSON-LD, where everybody may read it; nothing otherwise."""
    listed = events_listed_for(Acting.anonymous("page"))
    if not listed.filter(pk=event.pk).exists():
        return ""
    sessions = listed.filter(parent=event).select_related("place", "publication__group__actor")
    shown = list(sessions.order_by("starts_at", "pk")[:MOST_SESSIONS])
    return script_of(event_document(event, shown))
