"""What pages say to machines about themselves."""

from django import template

from accounts.acting import Acting
from groups.models import Event
from groups.visibility import events_listed_for
from ruche.opendata.formats.jsonld import event_document, script_of

register = template.Library()


@register.simple_tag
def event_json_ld(event: Event) -> str:
    """The event as JSON-LD, where everybody may read it; nothing otherwise."""
    everybody = Acting.anonymous("page")
    if not events_listed_for(everybody).filter(pk=event.pk).exists():
        return ""
    return script_of(event_document(event))
