from __future__ import annotations

from twoticks.reports.metrics import COUNTS, METRICS
from twoticks.reports.people import LISTS
from twoticks.reports.sets import BUCKETS, LINES, PLACES, growths, lines_parameters
from twoticks.vocabulary import FactKind

MARKS = {kind.name.lower() for kind in FactKind} - {"replied"} | {"replied_exact", "replied_last_message"}


def test_every_mark_has_exactly_one_place_unless_it_says_nothing_of_one() -> None:
    placed = [mark for marks in PLACES.values() for mark in marks]
    assert len(placed) == len(set(placed))
    assert MARKS - set(placed) == {"replied_last_message", "converted"}


def test_only_marks_that_exist_are_named() -> None:
    for bucket in BUCKETS.values():
        assert {*bucket.of, *bucket.without, *bucket.within} <= MARKS
    assert set(lines_parameters()["marks"]) <= MARKS


def test_a_step_without_facts_adds_nothing() -> None:
    sizes = growths([(0, 0, 4), (0, 2, 9)], ({"a": ("x",), "b": ("y",), "c": ("z",)},))
    assert sizes == {"a": 4, "b": 0, "c": 5}


def test_without_any_fact_every_bucket_is_empty() -> None:
    assert set(growths([]).values()) == {0}


def test_every_list_of_people_has_words_and_a_definition() -> None:
    assert set(LISTS) <= set(METRICS)
    assert set(LISTS) - set(BUCKETS) == {"qualified", "waiting"}
    assert {name for name in COUNTS if not name.endswith("_total")} <= set(LISTS)


def test_rates_are_shares_of_figures_that_exist() -> None:
    assert {metric.of for metric in METRICS.values() if metric.of} <= set(METRICS)


def test_steps_of_a_line_have_names_of_their_own() -> None:
    names = [name for line in LINES for name in line if name]
    assert len(names) == len(set(names))
