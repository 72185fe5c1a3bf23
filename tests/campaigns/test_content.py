from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from twoticks.campaigns.content import plan_content
from twoticks.campaigns.rendering import Content, Link, Member
from twoticks.campaigns.substitution import MissingValue
from twoticks.errors import BadInput
from twoticks.providers.base import ButtonValue, HeaderValue, OutgoingMessage
from twoticks.records.tables import TemplateRow
from twoticks.tracking.links import LinkTokens

BASE = "https://t.example"
TOKENS = LinkTokens(b"k" * 32)
ANN = Member(7, 3, "ann", "+919800000001", {"Name": "Ann", "City": "Pune", "Code": "AB 1", "Points": 3.0})


def template(*components: dict[str, Any]) -> TemplateRow:
    return TemplateRow(
        id=1, provider_id=1, name="offer", language="en", components=list(components), created_at=datetime.now(UTC)
    )


def body(text: str = "Hi {{1}}: {{2}}") -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def header(**fields: Any) -> dict[str, Any]:
    return {"type": "HEADER", **fields}


def buttons(*given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(given)}


def url(address: str, text: str = "Shop") -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": address}


def replaced(*texts: Any) -> dict[str, Any]:
    return {"replacements": list(texts)}


def plan(row: TemplateRow, **content: Any) -> Content:
    return plan_content(row, {"message_type": "template", "template_name": "offer", **content}, BASE)


def render(content: Content, member: Member = ANN) -> OutgoingMessage:
    return content.render(member, reference="3|7|tag|3", tokens=TOKENS)


def token(link: int) -> str:
    return TOKENS.encode(7, 3, link)


def test_a_message_is_filled_in() -> None:
    row = template(
        header(format="TEXT", text="For {{1}} only"),
        body(),
        {"type": "FOOTER", "text": "Reply STOP"},
        buttons({"type": "QUICK_REPLY", "text": "Yes"}, {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1"}),
    )
    message = render(
        plan(row, header=replaced("${City}"), body=replaced("${Name}", 5), kv={"batch": "${Points}", "n": 2.0})
    )
    assert message == OutgoingMessage(
        to="+919800000001",
        reference="3|7|tag|3",
        template="offer",
        language="en",
        header=HeaderValue("text", "For Pune only", ("Pune",)),
        body_text="Hi {{1}}: {{2}}",
        body=("Ann", "5"),
        footer="Reply STOP",
        buttons=(ButtonValue(0, "quick_reply", "Yes"), ButtonValue(1, "phone_number", "Call", "+1")),
        custom={"batch": "3", "n": "2"},
    )


def test_a_fixed_header_has_no_parameters() -> None:
    content = plan(template(header(format="TEXT", text="Sale"), body("x")))
    assert render(content).header == HeaderValue("text", "Sale")


def test_a_missing_value_without_default_stops_this_message_only() -> None:
    content = plan(template(body()), body=replaced("${Name}", "${Order}"))
    with pytest.raises(MissingValue):
        render(content)
    assert render(content, Member(7, 3, "bob", "+91", {"Name": "Bob", "Order": "9"})).body == ("Bob", "9")


def test_whole_addresses_in_texts_are_wrapped_and_numbered_body_header_buttons() -> None:
    row = template(
        header(format="TEXT", text="See {{1}}"),
        body(),
        buttons(url("https://shop.example/{{1}}", "Shop"), url("https://help.example", "Help")),
    )
    content = plan(
        row,
        body=replaced("https://shop.example/a", "look at https://shop.example"),
        header=replaced("http://shop.example/h"),
        buttons=[replaced("summer"), replaced()],
    )
    assert content.links == (
        Link(1, "Link in body {{1}}", "https://shop.example/a", tracked=True),
        Link(2, "Link in header", "http://shop.example/h", tracked=True),
        Link(3, "Shop", "https://shop.example/summer", tracked=False),
        Link(4, "Help", "https://help.example", tracked=False),
    )
    message = render(content)
    assert message.body == (f"{BASE}/c/{token(1)}", "look at https://shop.example")
    assert message.header == HeaderValue("text", f"See {BASE}/c/{token(2)}", (f"{BASE}/c/{token(2)}",))
    assert message.buttons == (
        ButtonValue(0, "url", "Shop", "summer", dynamic=True),
        ButtonValue(1, "url", "Help", "https://help.example"),
    )


def test_a_button_on_our_own_address_gets_the_token_alone() -> None:
    content = plan(
        template(body("x"), buttons(url(f"{BASE}/c/{{{{1}}}}"))), buttons=[replaced("https://shop.example/x")]
    )
    assert content.links == (Link(1, "Shop", "https://shop.example/x", tracked=True),)
    assert render(content).buttons == (ButtonValue(0, "url", "Shop", token(1), dynamic=True),)


def test_a_button_replaced_by_a_whole_address_gets_the_whole_tracked_address() -> None:
    content = plan(
        template(body("x"), buttons(url("https://other.example/{{1}}"))), buttons=[replaced("https://shop.example/x")]
    )
    assert content.links == (Link(1, "Shop", "https://shop.example/x", tracked=True),)
    assert render(content).buttons[0].parameter == f"{BASE}/c/{token(1)}"


def test_a_link_that_differs_by_person_is_listed_and_not_tracked() -> None:
    content = plan(
        template(body("{{1}}"), buttons(url("https://other.example/{{1}}"))),
        body=replaced("https://shop.example/?u=${identity}"),
        buttons=[replaced("${Code}")],
    )
    assert [(link.url, link.tracked) for link in content.links] == [
        ("https://shop.example/?u=${identity}", False),
        ("https://other.example/${Code}", False),
    ]
    message = render(content)
    assert message.body == ("https://shop.example/?u=ann",)
    assert message.buttons[0].parameter == "AB 1"


def test_buttons_may_be_given_for_those_with_a_variable_only() -> None:
    row = template(
        body("x"),
        buttons({"type": "QUICK_REPLY", "text": "Yes"}, {"type": "COPY_CODE"}, url("https://x.example/{{1}}")),
    )
    filled = render(plan(row, buttons=[replaced("SAVE10"), replaced("a")])).buttons
    assert filled == render(plan(row, buttons=[replaced(), replaced("SAVE10"), replaced("a")])).buttons
    assert [button.parameter for button in filled] == ["", "SAVE10", "a"]


@pytest.mark.parametrize(("kind", "more"), [("image", {}), ("video", {}), ("document", {"filename": "a.pdf"})])
def test_media_headers_carry_their_address(kind: str, more: dict[str, Any]) -> None:
    row = template(header(format=kind.upper()), body("x"))
    content = plan(row, header={"type": kind.title(), "media": {"type": kind, "url": "https://m.example/a", **more}})
    assert render(content).header == HeaderValue(kind, link="https://m.example/a", **more)  # type: ignore[arg-type]
    assert content.links == ()


def test_a_location_header_carries_its_place() -> None:
    content = plan(
        template(header(format="LOCATION"), body("x")), header={"media": {"latitude": 18.52, "longitude": "73.85"}}
    )
    assert render(content).header == HeaderValue("location", latitude="18.52", longitude="73.85")


FULL = template(header(format="TEXT", text="{{1}}"), body(), buttons(url(f"{BASE}/c/{{{{1}}}}"), {"type": "COPY_CODE"}))
GOOD: dict[str, Any] = {
    "header": replaced("x"),
    "body": replaced("a", "b"),
    "buttons": [replaced("https://shop.example"), replaced("CODE")],
}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"message_type": "Freeform"}, "content.message_type", "template"),
        ({"msg": "hello"}, "content.msg", "not supported"),
        ({"colour": "red"}, "content.colour", "unknown"),
        ({"template_name": 5}, "content.template_name", "str"),
        ({"body": replaced("a")}, "content.body.replacements", "has 2 variables, the content 1 replacement"),
        ({"body": None}, "content.body.replacements", "has 2 variables, the content 0 replacements"),
        ({"body": replaced("a", "b", "c")}, "content.body.replacements", "2 variables, the content 3"),
        ({"body": replaced("a", None)}, "content.body.replacements[1]", "null"),
        ({"body": replaced("a", "${Name")}, "content.body.replacements[1]", "end"),
        ({"body": replaced("a", "https://x.example/\n")}, "content.body.replacements[1]", "control"),
        ({"header": replaced()}, "content.header.replacements", "1 variable, the content 0"),
        ({"header": {"media": {"url": "https://x"}, **replaced("a")}}, "content.header.media", "text"),
        ({"buttons": [replaced("https://x.example")]}, "content.buttons", "2 buttons, content.buttons has 1"),
        ({"buttons": []}, "content.buttons[0].replacements", "1 variable, the content 0"),
        ({"buttons": [replaced("summer"), replaced("C")]}, "content.buttons[0].replacements[0]", "https://"),
        ({"buttons": [replaced("https://x/${a}"), replaced("C")]}, "content.buttons[0].replacements[0]", "differ"),
        ({"buttons": [replaced("javascript:1"), replaced("C")]}, "content.buttons[0].replacements[0]", "https://"),
        ({"kv": {"a": "${"}}, "content.kv.a", "end"),
    ],
)
def test_faulty_content_is_refused_with_its_field(change: dict[str, Any], field: str, words: str) -> None:
    plan(FULL, **GOOD)
    with pytest.raises(BadInput) as refused:
        plan(FULL, **{**GOOD, **change})
    assert refused.value.field == field
    assert words in refused.value.message


def test_a_media_header_needs_its_medium() -> None:
    row = template(header(format="IMAGE"), body("x"))
    for given in (None, {"media": {"url": "file:///etc/passwd"}}, {"media": {"url": "${Name}"}}):
        with pytest.raises(BadInput):
            plan(row, header=given)


def test_a_template_without_header_takes_none() -> None:
    with pytest.raises(BadInput) as refused:
        plan(template(body("x")), header=replaced("a"))
    assert refused.value.field == "content.header"
