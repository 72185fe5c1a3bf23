from __future__ import annotations

from typing import Any

import pytest

from twoticks.campaigns.components import Button, Header, normalised, read_components
from twoticks.errors import BadInput

BODY = {"type": "BODY", "text": "Hi {{1}}, see {{2}}", "example": {"body_text": [["Ann", "x"]]}}


def with_buttons(*buttons: dict[str, Any]) -> list[dict[str, Any]]:
    return [BODY, {"type": "BUTTONS", "buttons": list(buttons)}]


def url(address: str = "https://shop.example/{{1}}", text: str = "Shop") -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": address}


REPLY = {"type": "QUICK_REPLY", "text": "Yes"}
CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+919800000000"}
COUPON = {"type": "COPY_CODE", "example": ["SAVE"]}


def test_a_template_is_read() -> None:
    template = read_components(
        [
            {"type": "header", "format": "text", "text": "For {{1}}"},
            BODY,
            {"type": "FOOTER", "text": "Reply STOP"},
            {"type": "BUTTONS", "buttons": [url(), url("https://shop.example"), CALL, COUPON, REPLY]},
        ]
    )
    assert template.header == Header("text", "For {{1}}", 1)
    assert (template.body, template.variables, template.footer) == ("Hi {{1}}, see {{2}}", 2, "Reply STOP")
    assert template.buttons == (
        Button(0, "url", "Shop", "https://shop.example/{{1}}", 1),
        Button(1, "url", "Shop", "https://shop.example"),
        Button(2, "phone_number", "Call", "+919800000000"),
        Button(3, "copy_code", "", "", 1),
        Button(4, "quick_reply", "Yes"),
    )


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO", "DOCUMENT", "LOCATION"])
def test_a_header_may_be_a_medium(kind: str) -> None:
    assert read_components([{"type": "HEADER", "format": kind}, BODY]).header == Header(kind.lower())


def test_one_variable_may_stand_twice() -> None:
    assert read_components([{"type": "BODY", "text": "{{1}} {{1}}"}]).variables == 1


@pytest.mark.parametrize(
    ("components", "field"),
    [
        ([], "components"),
        ("x", "components"),
        ([{"type": "FOOTER", "text": "x"}], "components"),
        ([BODY, BODY], "components[1]"),
        ([{"type": "CAROUSEL"}], "components[0].type"),
        ([{}], "components[0].type"),
        ([{"type": "BODY"}], "components[0].text"),
        ([{"type": "BODY", "text": "x" * 1025}], "components[0].text"),
        ([{"type": "BODY", "text": 5}], "components[0].text"),
        ([{"type": "BODY", "text": "x", "colour": "red"}], "components[0].colour"),
        ([{"type": "BODY", "text": "{{2}}"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{1}} {{3}}"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{0}} {{1}}"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{name}}"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{ 1 }}"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{1}} {{"}], "components[0].text"),
        ([{"type": "BODY", "text": "{{٣}}"}], "components[0].text"),
        ([BODY, {"type": "HEADER", "format": "HOLOGRAM"}], "components[1].format"),
        ([BODY, {"type": "HEADER", "format": "TEXT"}], "components[1].text"),
        ([BODY, {"type": "HEADER", "format": "IMAGE", "text": "x"}], "components[1].text"),
        ([BODY, {"type": "HEADER", "format": "TEXT", "text": "{{1}}{{2}}"}], "components[1].text"),
        ([BODY, {"type": "FOOTER", "text": "{{1}}"}], "components[1].text"),
        ([BODY, {"type": "FOOTER"}], "components[1].text"),
        ([BODY, {"type": "BUTTONS"}], "components[1].buttons"),
        (with_buttons(), "components[1].buttons"),
        (with_buttons({"type": "FLOW", "text": "x"}), "components[1].buttons[0].type"),
        (with_buttons({"type": "QUICK_REPLY"}), "components[1].buttons[0].text"),
        (with_buttons({"type": "URL", "text": "x"}), "components[1].buttons[0].url"),
        (with_buttons({**REPLY, "url": "https://x.example"}), "components[1].buttons[0].url"),
        (with_buttons({"type": "PHONE_NUMBER", "text": "x"}), "components[1].buttons[0].phone_number"),
        (with_buttons(url("https://{{1}}.example/")), "components[1].buttons[0].url"),
        (with_buttons(url("https://x.example/{{1}}{{1}}")), "components[1].buttons[0].url"),
        (with_buttons(url("https://x.example/{{2}}")), "components[1].buttons[0].url"),
        (with_buttons(url("javascript:alert(1)//{{1}}")), "components[1].buttons[0].url"),
        (with_buttons(url(), url(), url()), "components[1].buttons"),
        (with_buttons(CALL, CALL), "components[1].buttons"),
        (with_buttons(*[REPLY] * 11), "components[1].buttons"),
        (with_buttons(REPLY, url(), REPLY), "components[1].buttons"),
    ],
)
def test_a_faulty_template_is_refused_with_its_field(components: object, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_components(components)
    assert refused.value.field == field


def test_components_are_kept_as_given_but_for_their_type() -> None:
    assert normalised([{"type": "body", "text": "x", "example": {"a": 1}}]) == [
        {"type": "BODY", "text": "x", "example": {"a": 1}}
    ]
