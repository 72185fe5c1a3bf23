"""What the bodies of the API look like, for its description in OpenAPI; reading and checking them is done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
)


def takes(schema: Schema) -> type[Operation]:
    """The operation class of a route that reads a JSON body of this schema by itself."""

    @dataclass
    class WithBody(Operation):
        def __post_init__(self) -> None:
            content = {"application/json": OpenAPIMediaType(schema=schema)}
            self.request_body = RequestBody(content=content, required=True)

    return WithBody


def describe_refusals(document: OpenAPI) -> None:
    """Say what every refusal looks like, in place of what the framework thinks its own would."""
    for path, item in (document.paths or {}).items():
        shape = THEIR_REFUSAL if path.startswith("/1/") else OUR_REFUSAL
        for operation in (item.get, item.post):
            if operation is not None and operation.responses is not None:
                operation.responses.pop("400", None)
                operation.responses["default"] = OpenAPIResponse(
                    description="Refused: what is wrong, where, and what to do",
                    content={"application/json": OpenAPIMediaType(schema=shape)},
                )


def _object(*required: str, **properties: Schema) -> Schema:
    fields: dict[str, Reference | Schema] = dict(properties)
    return Schema(type=OpenAPIType.OBJECT, properties=fields or None, required=list(required) or None)


def _list(items: Schema, most: int | None = None) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=items, max_items=most)


def _one_of(*values: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, enum=list(values))


_ANY = Schema()
_TEXT = Schema(type=OpenAPIType.STRING)
_FLAG = Schema(type=OpenAPIType.BOOLEAN)
_NUMBER = Schema(type=OpenAPIType.INTEGER)
_OBJECT = _object()
_TEXTS = _list(_TEXT)
_DAY = Schema(type=OpenAPIType.STRING, pattern="^[0-9]{8}$", description="A day such as 20260131")

PROVIDER = _object("nickname", "kind", "settings", nickname=_TEXT, kind=_TEXT, settings=_OBJECT)
TEMPLATE = _object(
    "provider",
    "name",
    "language",
    "components",
    provider=Schema(type=[OpenAPIType.STRING, OpenAPIType.INTEGER], description="Nickname or number"),
    name=_TEXT,
    language=_TEXT,
    components=_list(_OBJECT),
)
QUARANTINE_GROUP = _object("reason", reason=_TEXT, provider=_NUMBER)
CAMPAIGN_ID = _object("id", id=_NUMBER)

UPLOAD = _object(
    "d",
    d=_list(
        _object(
            "type",
            type=_one_of("profile", "event"),
            identity=_TEXT,
            ts=Schema(type=OpenAPIType.INTEGER, description="Unix seconds"),
            profileData=_OBJECT,
            evtName=_TEXT,
            evtData=_OBJECT,
        ),
        1000,
    ),
)
SUBSCRIBE = _object(
    "d",
    d=_list(
        _object(
            "type",
            "value",
            "status",
            type=_one_of("whatsapp"),
            value=_TEXT,
            status=_one_of("Unsubscribe", "Resubscribe"),
        ),
        1000,
    ),
)
CAMPAIGN = _object(
    "name",
    "provider_nick_name",
    "content",
    name=_TEXT,
    provider_nick_name=_TEXT,
    content=_object("template_name", message_type=_TEXT, template_name=_TEXT, locale=_TEXT, body=_OBJECT),
    target_mode=_one_of("whatsapp"),
    segment=_one_of("all"),
    where=_OBJECT,
    when=_ANY,
    estimate_only=_FLAG,
    control_group=_object("type", type=_one_of("campaign"), percentage=_NUMBER),
    conversion_goal=_object(
        "event_name", "conversion_time", event_name=_TEXT, conversion_time=_TEXT, revenue_property=_TEXT
    ),
    labels=_list(_TEXT, 10),
    tag_group=_TEXT,
    deadline_seconds=_NUMBER,
)
PERIOD = _object("from", "to", **{"from": _DAY, "to": _DAY})
REPORT = _object("from", "to", **{"from": _DAY, "to": _DAY}, channel=_TEXTS, status=_TEXTS, label=_TEXTS)

OUR_REFUSAL = _object("error", error=_object("message", message=_TEXT, field=_TEXT, hint=_TEXT))
THEIR_REFUSAL = _object("status", "error", "code", status=_one_of("fail"), error=_TEXT, code=_NUMBER)
