"""SQL files, and the rule of one statement per call."""

from __future__ import annotations

from importlib.resources import files

import pytest

from twoticks.facts.sql import ManyStatementsError, single, statement


def test_a_statement_is_the_text_of_its_file() -> None:
    assert statement("twoticks.facts", "tallies_new") == "create table tallies_new as tallies"


def test_a_missing_file_is_found_out_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        statement("twoticks.facts", "no_such_question")


@pytest.mark.parametrize("folder", ["sql", "schema"])
def test_every_file_is_one_statement(folder: str) -> None:
    for entry in (files("twoticks.facts") / folder).iterdir():
        assert single(entry.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "select ';'",
        "select 'it''s; so'",
        "select 'it\\'s; so'",
        'select 1 as "a;b"',
        "select 1 as `a;b`",
        "select 1 -- first; then\n, 2",
        "select 'Москва; दिल्ली #1 $5 // /*'",
    ],
)
def test_one_statement_passes_unchanged(sql: str) -> None:
    assert single(sql) == sql


def test_a_semicolon_at_the_end_is_taken_off() -> None:
    assert single("\nselect 1 ;\n") == "select 1"


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; drop table facts",
        "select 1;; ",
        "select 1; -- done",
        "select ''; drop table facts --'",
        "select '\\\\'; drop table facts --'",
        "select 1 -- '\n; drop table facts --'",
        "select 1 # '\n; drop table facts --'",
        "select 1 // '\n; drop table facts --'",
        "select 1 /* ' */; drop table facts --'",
        "/* /* */ ' */ select 1; drop table facts --'",
        "select $a$'$a$; drop table facts --'",
        "select \u2018'\u2019; drop table facts --'",
        "select \u201c'\u201d; drop table facts --'",
        "select 'unfinished",
    ],
)
def test_a_text_that_may_hide_a_second_statement_is_refused(sql: str) -> None:
    with pytest.raises(ManyStatementsError):
        single(sql)
