"""Publications as Atom. Source: RFC 4287; Django writes the XML."""

import re
from collections.abc import Sequence

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed

from groups.models import Publication
from ruche.core.html import excerpt
from ruche.core.keys import moment_of

TITLE_CHARS = 80
# What XML 1.0 cannot hold (section 2.2): one such sign and no reader opens the feed.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def feed_of_publications(publications: Sequence[Publication], *, name: str, url: str) -> bytes:
    """Public ``publications`` come newest first, with their author, group, event and series."""
    feed = Atom1Feed(
        title=_clean(name), link=url, description="", language=settings.LANGUAGE_CODE, feed_guid=url
    )
    for publication in publications:
        address = f"{settings.PUBLIC_URL}{publication.get_absolute_url()}"
        feed.add_item(
            title=_clean(_title(publication)),
            link=address,
            description=_clean(publication.content),
            unique_id=address,
            author_name=_clean(str(publication.author)),
            pubdate=publication.published,
            updateddate=publication.updated_at or moment_of(publication.pk),
        )
    return feed.writeString("utf-8").encode()


def _title(publication: Publication) -> str:
    if publication.type == "Event":
        return publication.event.name
    if publication.type == "EventSeries":
        return publication.series.name
    return excerpt(publication.content, TITLE_CHARS) or str(publication.author)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
