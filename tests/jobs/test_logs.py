"""The log tells what happened and where in the code, and never what the data was."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from twoticks.errors import BadInput
from twoticks.jobs.logs import configure_logs, describe
from twoticks.settings import Settings

PHONE = "+919812345678"


@pytest.fixture
def configure() -> Iterator[Callable[..., None]]:
    """Configure the logs; all is as before when the test ends."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda **settings: configure_logs(Settings(**settings))
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def fail(number: str) -> None:
    raise ValueError(f"{number} is wrong")


def caught(number: str) -> Exception:
    try:
        fail(number)
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("as_json", [False, True])
def test_an_exception_is_logged_by_type_and_place(
    configure: Callable[..., None], capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure(log_json=as_json)
    log = structlog.get_logger()
    log.warning("tuple_or_error", exc_info=caught(PHONE))
    try:
        fail(PHONE)
    except ValueError:
        log.exception("current")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert PHONE[1:] not in line
        assert "ValueError" in line
        assert "test_logs.py:" in line
        assert "fail" in line


def test_json_lines_are_json(configure: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_json=True)
    structlog.get_logger().info("campaign_started", campaign=7)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["campaign"], line["level"]) == ("campaign_started", 7, "info")


def test_the_standard_output_is_left_to_commands(
    configure: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    structlog.get_logger().error("something")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\x1b" not in captured.err, "no colours where nobody looks"


def test_the_level_is_kept(configure: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_level="WARNING")
    log = structlog.get_logger()
    log.info("quiet")
    log.warning("loud")
    assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_what_libraries_raise_is_told_by_type_and_place_too(
    configure: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    logging.getLogger("some.library").error("it failed", exc_info=caught(PHONE))
    logging.getLogger("some.library").info("not told")
    text = capsys.readouterr().err
    assert PHONE[1:] not in text
    assert "some.library it failed" in text
    assert "ValueError" in text
    assert "not told" not in text


def test_the_words_of_our_own_errors_are_told() -> None:
    assert describe(BadInput("the name is missing")).startswith("BadInput: the name is missing (")
