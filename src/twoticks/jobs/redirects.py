"""Where tracked links lead: the stored destinations, cached."""

from __future__ import annotations

from sqlalchemy import select

from twoticks.records.database import Database
from twoticks.records.tables import LinkRow

_KEPT = 10_000


class Redirects:
    """Destinations by campaign and link number. A stored destination never changes, so it is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[int, int], str] = {}
        self.lost = 0
        """Hits that were redirected but could not be journaled."""

    async def destination(self, campaign: int, link: int) -> str | None:
        """The address behind a link, or None when the campaign has no such tracked link."""
        found = self._known.get((campaign, link))
        if found is not None:
            return found
        async with self._database.session() as session:
            url = await session.scalar(
                select(LinkRow.url).where(
                    LinkRow.campaign_id == campaign, LinkRow.number == link, LinkRow.tracked.is_(True)
                )
            )
        if url is None:
            return None
        destination = _location(url)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[campaign, link] = destination
        return destination


def _location(url: str) -> str:
    """A header-safe form: everything outside printable ASCII percent-encoded, so no address can add a header."""
    return "".join(c if 0x20 < ord(c) < 0x7F else "".join(f"%{b:02X}" for b in c.encode()) for c in url)
