"""Meta's Cloud API: sends, answers, handshake and callbacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, adapter_of, callback, message
from twoticks.errors import Unverified
from twoticks.providers.base import ButtonValue, CallbackRequest, HeaderValue, HttpResponse, Incoming, SendError, Status
from twoticks.providers.cloud_api import CloudApiAdapter
from twoticks.providers.meta_errors import CODES
from twoticks.vocabulary import ErrorKind

EXAMPLE = EXAMPLES["cloud_api"]


def _sent(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(adapter_of("cloud_api").request(message(**changed)).body)
    return found


def _components(**changed: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _sent(**changed)["template"].get("components", [])
    return found


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("cloud_api").answer(HttpResponse(status, headers, raw))
    return caught.value


def _error(code: object, status: int = 400, **headers: str) -> SendError:
    return _refusal(status, {"error": {"message": "(#1) Words", "type": "OAuthException", "code": code}}, **headers)


def _parse(**value: Any) -> list[Any]:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return list(adapter_of("cloud_api").parse(callback(msgspec.json.encode({"entry": [{"changes": [change]}]}))))


def _status(**item: Any) -> Any:
    return _parse(statuses=[{"id": "wamid.1", "status": "delivered", **item}])[0]


def _handshake(query: str, method: str = "GET") -> HttpResponse | None:
    return adapter_of("cloud_api").handshake(CallbackRequest(method, "https://x", query, {}, b""))


def test_send_is_metas_template_message() -> None:
    request = adapter_of("cloud_api").request(message())
    assert request.url == "https://graph.facebook.com/v23.0/106540352242922/messages"
    assert request.headers == {"authorization": "Bearer EAAtoken", "content-type": "application/json"}
    assert msgspec.json.decode(request.body) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "919999999999",
        "type": "template",
        "template": {
            "name": "order_update",
            "language": {"policy": "deterministic", "code": "en_US"},
            "components": [
                {
                    "type": "header",
                    "parameters": [{"type": "image", "image": {"link": "https://www.example.com/image.png"}}],
                },
                {"type": "body", "parameters": [{"type": "text", "text": "Zoë 👋"}, {"type": "text", "text": "A-1"}]},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "c/AbC"}],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "3",
                    "parameters": [{"type": "payload", "payload": REFERENCE}],
                },
                {
                    "type": "button",
                    "sub_type": "copy_code",
                    "index": "4",
                    "parameters": [{"type": "coupon_code", "coupon_code": "SAVE10"}],
                },
            ],
        },
        "biz_opaque_callback_data": REFERENCE,
    }


@pytest.mark.parametrize(
    ("header", "parameter"),
    [
        (HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",)), {"type": "text", "text": "Zoë"}),
        (HeaderValue("video", link="https://v"), {"type": "video", "video": {"link": "https://v"}}),
        (
            HeaderValue("document", link="https://d", filename="a.pdf"),
            {"type": "document", "document": {"link": "https://d", "filename": "a.pdf"}},
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="3.5"),
            {"type": "location", "location": {"latitude": "2.45", "longitude": "3.5"}},
        ),
    ],
)
def test_header_of_each_type(header: HeaderValue, parameter: object) -> None:
    assert _components(header=header)[0] == {"type": "header", "parameters": [parameter]}


def test_parts_without_variables_are_left_out() -> None:
    fixed = ButtonValue(0, "url", "Shop", "https://www.example.com/shop")
    assert _components(header=HeaderValue("text", text="Sale"), body=(), buttons=(fixed,)) == []
    assert "components" not in _sent(header=None, body=(), buttons=())["template"]


def test_quick_reply_keeps_a_payload_of_its_own() -> None:
    assert _components(buttons=(ButtonValue(0, "quick_reply", "Yes", "Sip"),))[-1]["parameters"] == [
        {"type": "payload", "payload": "Sip"}
    ]


def test_version_and_address_may_be_set() -> None:
    adapter = adapter_of("cloud_api", api_version="v24.0", graph_url="https://proxy.example/meta/")
    assert adapter.request(message()).url == "https://proxy.example/meta/v24.0/106540352242922/messages"


@pytest.mark.parametrize("state", ["accepted", "held_for_quality_assessment", "paused", None])
def test_held_and_paused_messages_are_accepted(state: str | None) -> None:
    body = {"messages": [{"id": "wamid.1", "message_status": state}]}
    assert adapter_of("cloud_api").answer(HttpResponse(201, {}, msgspec.json.encode(body))).message_id == "wamid.1"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"messages":[]}', b'{"messages":[{}]}', b'{"messages":[{"id":5}]}', b"OK"]
)
def test_200_without_an_id_leaves_it_open(body: bytes) -> None:
    error = _refusal(200, body)
    assert (error.kind, error.unknown, error.retry_after) == (ErrorKind.BAD_ANSWER, True, None)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_throttling_is_told_by_its_code_whatever_the_http_status(status: int) -> None:
    error = _error(130429, status)
    assert (error.kind, error.code, error.permanent, error.unknown) == (ErrorKind.RATE_LIMIT, "130429", False, False)
    assert error.retry_after == 1.0


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0, ErrorKind.AUTHENTICATION),
        (190, ErrorKind.AUTHENTICATION),
        (10, ErrorKind.PERMISSION),
        (200, ErrorKind.PERMISSION),
        (299, ErrorKind.PERMISSION),
        (131005, ErrorKind.PERMISSION),
        (100, ErrorKind.OTHER),
        (368, ErrorKind.ACCOUNT),
        (131026, ErrorKind.UNDELIVERABLE),
        (131047, ErrorKind.WINDOW_CLOSED),
        (131049, ErrorKind.MARKETING_LIMIT),
        (131050, ErrorKind.OPTED_OUT),
        (131053, ErrorKind.MEDIA),
        (132001, ErrorKind.INVALID_TEMPLATE),
        ("132001", ErrorKind.INVALID_TEMPLATE),
        (131000, ErrorKind.OTHER),
        (999999, ErrorKind.OTHER),
    ],
)
def test_refusal_by_code_is_final(code: object, kind: ErrorKind) -> None:
    error = _error(code)
    assert (error.kind, error.code, error.text) == (kind, str(code), "(#1) Words")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize("code", [2, 4, 613, 80007, 130429, 131016, 131048, 131056, 131057, 133004])
def test_codes_that_ask_to_come_back(code: int) -> None:
    error = _error(code, 403)
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, CODES[str(code)].wait)


def test_header_says_when_to_come_back() -> None:
    assert _error(130429, 429, **{"retry-after": "9"}).retry_after == 9.0


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ErrorKind.AUTHENTICATION), (403, ErrorKind.PERMISSION), (400, ErrorKind.OTHER), (404, ErrorKind.OTHER)],
)
@pytest.mark.parametrize("body", [b"", b"bad json", b'{"error":"x"}'])
def test_unreadable_refusal_is_told_by_its_http_status(status: int, kind: ErrorKind, body: bytes) -> None:
    error = _refusal(status, body)
    assert (error.kind, error.code, error.permanent, error.unknown) == (kind, f"http_{status}", True, False)


@pytest.mark.parametrize("status", [429, 503])
def test_unreadable_throttling_is_told_by_its_http_status(status: int) -> None:
    error = _refusal(status, b"Slow down", **{"retry-after": "4"})
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, 4.0)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_unreadable_server_error_leaves_it_open(status: int) -> None:
    error = _refusal(status, b"Bad Gateway")
    assert (error.kind, error.unknown, error.retry_after) == (ErrorKind.BAD_ANSWER, True, None)


def test_details_are_the_words() -> None:
    body = {"error": {"message": "m", "code": 131009, "error_data": {"details": "Parameter 2 is too long"}}}
    assert _refusal(400, body).text == "Parameter 2 is too long"


def test_challenge_goes_back_for_the_right_token() -> None:
    answer = _handshake("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=v3rify")
    assert answer is not None
    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        200,
        b"1158201444",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    "query",
    [
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=v3rif",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=v3rifyy",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=V3RIFY",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%ff",
        "hub.mode=subscribe&hub.verify_token=v3rify&hub.challenge=" + "1" * 999,
        "&".join(f"a{n}=1" for n in range(99)),
    ],
)
def test_wrong_token_gets_403(query: str) -> None:
    answer = _handshake(query)
    assert answer is not None
    assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize("query", ["", "hub.mode=unsubscribe", "a=b"])
def test_other_get_is_no_handshake(query: str) -> None:
    assert _handshake(query) is None
    assert _handshake("hub.mode=subscribe&hub.verify_token=v3rify&hub.challenge=1", "POST") is None


def test_either_of_two_app_secrets_holds() -> None:
    adapter = adapter_of("cloud_api", app_secret=["new-secret", "5ecretofapp"])
    name = str(EXAMPLE.signature_header)
    adapter.verify(callback(b"{}", headers={name: EXAMPLE.signature(b"{}")}))
    with pytest.raises(Unverified):
        adapter_of("cloud_api", app_secret=["new-secret", "other"]).verify(
            callback(b"{}", headers={name: EXAMPLE.signature(b"{}")})
        )


def test_without_a_secret_nothing_holds() -> None:
    adapter = adapter_of("cloud_api")
    assert isinstance(adapter, CloudApiAdapter)
    adapter._app_secrets = ("",)
    empty = type(EXAMPLE)(**{**vars(EXAMPLE), "secret": ""})
    with pytest.raises(Unverified):
        adapter.verify(callback(b"{}", headers={str(EXAMPLE.signature_header): empty.signature(b"{}")}))


@pytest.mark.parametrize("data", [5, "", "é", "a" * 600, None, ["x"]])
def test_callback_data_that_is_no_reference_leaves_the_id(data: object) -> None:
    assert _status(biz_opaque_callback_data=data) == Status(
        "delivered", None, "wamid.1", path="entry[0].changes[0].value.statuses[0]"
    )


def test_reference_alone_is_enough() -> None:
    assert _status(id=None, biz_opaque_callback_data=REFERENCE).reference == REFERENCE


@pytest.mark.parametrize("code", sorted(CODES, key=int))
def test_every_code_of_a_failed_status(code: str) -> None:
    found = _status(status="failed", errors=[{"code": int(code)}])
    meaning = CODES[code]
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


def test_permanent_and_passing_failures_are_told_apart() -> None:
    passing = {code for code, meaning in CODES.items() if not meaning.permanent}
    assert {"131049", "130429", "131056"} <= passing
    assert passing.isdisjoint({"131026", "131050", "190", "132001"})
    assert all(not meaning.permanent for meaning in CODES.values() if meaning.wait is not None)


@pytest.mark.parametrize("errors", [None, [], {}, "x", [None], [[]], [{"code": [1]}]])
def test_failure_with_unreadable_errors_is_still_a_failure(errors: object) -> None:
    found = _status(status="failed", errors=errors)
    assert (found.status, found.kind, found.code) == ("failed", ErrorKind.OTHER, "")


def test_nul_and_surrogates_never_leave_the_edge() -> None:
    found = _parse(messages=[{"id": "wamid.1", "from": "16505551234", "type": "text", "text": {"body": "a\0b"}}])[0]
    assert found.text == "a\ufffdb"
    body = b'{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"wamid.1","from":"16505551234",'
    body += b'"type":"text","text":{"body":"a\\ud800b"}}]}}]}]}'
    found = adapter_of("cloud_api").parse(callback(body))[0]
    assert isinstance(found, Incoming)
    assert found.text == "a?b"


def test_payload_of_another_kind_is_no_reference() -> None:
    item = {"id": "wamid.1", "from": "16505551234", "type": "button", "button": {"payload": "Sip", "text": "Yes"}}
    found = _parse(messages=[item])[0]
    assert isinstance(found, Incoming)
    assert found.reply_to_reference is None


def test_statuses_and_messages_of_one_change_are_both_read() -> None:
    found = _parse(
        statuses=[{"id": "wamid.1", "status": "read"}],
        messages=[{"id": "wamid.2", "from": "16505551234", "type": "text", "text": {"body": "Hi"}}],
    )
    assert [type(item) for item in found] == [Status, Incoming]


@pytest.mark.parametrize("value", [None, 5, {"statuses": [{"id": "wamid.1", "status": "read"}]}])
def test_other_fields_are_ignored_whatever_they_hold(value: object) -> None:
    changes = [
        {"field": "account_update", "value": value},
        {"field": "messages", "value": {"statuses": [{"id": "wamid.2", "status": "read"}]}},
    ]
    body = msgspec.json.encode({"entry": [{"changes": changes}]})
    found = adapter_of("cloud_api").parse(callback(body))
    assert [item.message_id for item in found if isinstance(item, Status)] == ["wamid.2"]
    assert len(found) == 1


@pytest.mark.parametrize("field", ["", None, 5])
def test_change_without_a_field_is_unusable(field: object) -> None:
    body = msgspec.json.encode({"entry": [{"changes": [{"field": field, "value": {"statuses": []}}]}]})
    assert [item.path for item in adapter_of("cloud_api").parse(callback(body))] == ["entry[0].changes[0].field"]
