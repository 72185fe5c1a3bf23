from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.parts import add_provider, add_template
from tests.world import TEMPLATE
from twoticks.campaigns.context import Context
from twoticks.campaigns.templates import create_template, find_template, list_templates
from twoticks.errors import BadInput, Conflict

BODY: dict[str, Any] = {"provider": "plain", "name": "other", "language": "en_US", "components": TEMPLATE}


async def create(desk: Context, **changes: Any) -> Any:
    return await create_template(desk.database, desk.directory, {**BODY, **changes})


async def test_a_template_is_kept(desk: Context) -> None:
    made = await create(desk)
    async with desk.database.session() as session:
        assert [row.name for row in await list_templates(session)] == ["order_ready", "other"]
        found = await find_template(session, made.provider_id, "other", "en_US")
    assert (found.id, found.components) == (made.id, TEMPLATE)


async def test_the_provider_may_be_given_by_number(desk: Context) -> None:
    provider = await desk.directory.by_nickname("plain")
    assert (await create(desk, provider=provider.id)).provider_id == provider.id
    assert (await create(desk, provider=str(provider.id), name="third")).provider_id == provider.id


async def test_name_and_language_are_taken_once_per_provider(desk: Context) -> None:
    await create(desk)
    with pytest.raises(Conflict):
        await create(desk)
    await create(desk, language="hi")
    await add_provider(desk.directory, "second")
    await create(desk, provider="second")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": 99}, "provider"),
        ({"provider": None}, "provider"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"language": "english please"}, "language"),
        ({"components": []}, "components"),
        ({"components": [{"type": "BODY", "text": "{{2}}"}]}, "components[0].text"),
        ({"category": "MARKETING"}, "category"),
    ],
)
async def test_faulty_templates_are_refused_with_their_field(desk: Context, change: Any, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        await create(desk, **change)
    assert refused.value.field == field


async def test_a_template_is_found_by_its_language(desk: Context) -> None:
    provider = await desk.directory.by_nickname("plain")
    await add_template(desk.database, desk.directory, language="hi")
    await create(desk)
    async with desk.database.session() as session:
        assert (await find_template(session, provider.id, "order_ready", "hi")).language == "hi"
        assert (await find_template(session, provider.id, "other", "")).language == "en_US"
        for name, language, field in [
            ("missing", "en", "content.template_name"),
            ("order_ready", "fr", "content.locale"),
            ("order_ready", "", "content.locale"),
        ]:
            with pytest.raises(BadInput) as refused:
                await find_template(session, provider.id, name, language)
            assert refused.value.field == field


async def test_templates_of_one_provider_are_listed(desk: Context) -> None:
    other = await add_provider(desk.directory, "second")
    await create(desk, provider="second")
    async with desk.database.session() as session:
        assert [row.name for row in await list_templates(session, other.id)] == ["other"]
