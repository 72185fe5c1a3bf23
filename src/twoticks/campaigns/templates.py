"""Message templates: as approved by WhatsApp, written down here once, never changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.campaigns.components import normalised, read_components
from twoticks.campaigns.directory import Configured, Directory
from twoticks.campaigns.reading import read
from twoticks.errors import BadInput, Conflict
from twoticks.records.database import Database
from twoticks.records.tables import TemplateRow

_MATCH = "Name and language are those under which WhatsApp approved the template."

Name = Annotated[str, msgspec.Meta(pattern=r"^[!-~]([ -~]{0,510}[!-~])?$")]
Language = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_()-]{1,15}$")]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    provider: str | int
    name: Name
    language: Language
    components: list[dict[str, Any]]


async def create_template(database: Database, directory: Directory, body: object) -> TemplateRow:
    """Keep the template that `body` describes.

    Raises `BadInput` with the field at fault, or `Conflict` when the provider has a template of this name and language.
    """
    given = read(_Body, body)
    read_components(given.components)
    provider = await _provider(directory, given.provider)
    row = TemplateRow(
        provider_id=provider.id,
        name=given.name,
        language=given.language,
        components=normalised(given.components),
        created_at=datetime.now(UTC),
    )
    try:
        async with database.transaction() as session:
            session.add(row)
    except IntegrityError:
        raise Conflict("This provider has a template of this name and language", field="name") from None
    return row


async def find_template(session: AsyncSession, provider_id: int, name: str, language: str) -> TemplateRow:
    """The provider's template of this name; `language` may be empty when there is only one. Raises `BadInput`."""
    wanted = select(TemplateRow).where(TemplateRow.provider_id == provider_id, TemplateRow.name == name)
    found = (await session.scalars(wanted.order_by(TemplateRow.language))).all()
    if not found:
        raise BadInput("The provider has no template of this name", field="content.template_name", hint=_MATCH)
    if len(found) == 1 and not language:
        return found[0]
    for row in found:
        if row.language == language:
            return row
    known = ", ".join(row.language for row in found)
    raise BadInput(
        "The template does not exist in this language", field="content.locale", hint=f"It exists in {known}."
    )


async def list_templates(session: AsyncSession, provider_id: int | None = None) -> list[TemplateRow]:
    """All templates, or those of one provider, by name and language."""
    rows = select(TemplateRow).order_by(TemplateRow.name, TemplateRow.language, TemplateRow.id)
    if provider_id is not None:
        rows = rows.where(TemplateRow.provider_id == provider_id)
    return list((await session.scalars(rows)).all())


async def _provider(directory: Directory, named: str | int) -> Configured:
    for provider in await directory.all():
        if named in (provider.nickname, provider.id, str(provider.id)):
            return provider
    raise BadInput("There is no such provider", field="provider", hint="Give its nickname or its number.")
