from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.providers.behaviour import EARLY_ANSWER_S, Fate, decide
from twoticks.providers.profile import Losses, Profile
from twoticks.vocabulary import ErrorKind

ROUGH = Profile(
    refusals={ErrorKind.INVALID_NUMBER: 0.1, ErrorKind.INVALID_TEMPLATE: 0.05},
    timeout_rate=0.05,
    failures={ErrorKind.NOT_ON_WHATSAPP: 0.1, ErrorKind.MARKETING_LIMIT: 0.1},
    recovery_rate=0.2,
    late_view_rate=0.2,
    click_callback_rate=0.5,
    automated_rate=0.1,
    reply_rate=0.2,
    losses=Losses(sent=0.1, delivered=0.1, viewed=0.1),
    duplicate_rate=0.1,
    disorder_rate=0.1,
    early_rate=0.1,
)


def fates(profile: Profile, count: int = 2000, links: int = 2) -> list[Fate]:
    return [decide(profile, f"9198{n:08d}|{n}", links) for n in range(count)]


def kinds(fate: Fate) -> list[str]:
    return [step.kind for step in fate.steps]


def test_a_message_has_one_fate() -> None:
    assert fates(ROUGH, 200) == fates(ROUGH, 200)


def test_another_seed_is_another_world() -> None:
    assert fates(ROUGH, 50) != fates(Profile(seed=2, **_without_seed(ROUGH)), 50)


def _without_seed(profile: Profile) -> dict[str, object]:
    return {name: getattr(profile, name) for name in profile.__struct_fields__ if name != "seed"}


@pytest.mark.parametrize(
    ("kind", "share"), [(ErrorKind.INVALID_NUMBER, 0.1), (ErrorKind.INVALID_TEMPLATE, 0.05), (None, 0.85)]
)
def test_refusals_come_at_their_rates(kind: ErrorKind | None, share: float) -> None:
    counted = Counter(fate.error for fate in fates(ROUGH))
    assert counted[kind] / 2000 == pytest.approx(share, abs=0.03)


def test_a_refused_message_has_nothing_ahead() -> None:
    assert all(not fate.steps for fate in fates(ROUGH) if fate.answer in ("refuse", "silence"))


def test_a_silent_provider_may_have_sent_the_message() -> None:
    answers = Counter(fate.answer for fate in fates(Profile(timeout_rate=1.0, timeout_sends=0.5)))
    assert set(answers) == {"silence", "silent_accept"}


def test_a_failed_message_is_read_only_after_it_was_delivered_after_all() -> None:
    for fate in fates(Profile(failures={ErrorKind.BLOCKED: 0.5}, recovery_rate=0.2)):
        if "failed" in kinds(fate) and "viewed" in kinds(fate):
            assert kinds(fate).index("failed") < kinds(fate).index("delivered") < kinds(fate).index("viewed")


def test_without_links_nothing_is_opened() -> None:
    every = Profile(click_rate=1.0, view_rate=1.0, automated_rate=1.0, click_callback_rate=1.0)
    assert all(not {"click", "clicked", "automated"} & set(kinds(fate)) for fate in fates(every, 200, links=0))


def test_clicks_open_links_that_exist() -> None:
    every = Profile(click_rate=1.0, view_rate=1.0, automated_rate=1.0, click_callback_rate=1.0)
    opened = {step.detail for fate in fates(every, 300, links=3) for step in fate.steps if step.kind == "click"}
    assert opened == {"0", "1", "2"}


def test_lost_receipts_do_not_come() -> None:
    silent = Profile(losses=Losses(sent=1.0, delivered=1.0, viewed=1.0), reply_rate=0.0, click_rate=0.0)
    assert all(not fate.steps for fate in fates(silent, 100))


def test_an_early_callback_overtakes_the_answer() -> None:
    for fate in fates(Profile(early_rate=1.0), 50):
        assert fate.early
        assert fate.steps[0].after < EARLY_ANSWER_S <= fate.delay


def test_some_replies_name_no_message() -> None:
    told = Counter(
        step.answers
        for fate in fates(Profile(reply_rate=1.0, view_rate=1.0, reply_context_rate=0.8), 500)
        for step in fate.steps
        if step.kind == "incoming"
    )
    assert told[True] / 500 == pytest.approx(0.8, abs=0.06)


@given(st.text(max_size=30), st.integers(0, 3))
def test_steps_are_in_order_and_nothing_is_told_before_it_happened(identity: str, links: int) -> None:
    fate = decide(ROUGH, identity, links)
    assert [step.after for step in fate.steps] == sorted(step.after for step in fate.steps)
    assert all(step.late >= 0 and step.after - step.late >= 0 for step in fate.steps)
    happened = {step.kind: step.after - step.late for step in reversed(fate.steps)}
    if "viewed" in happened and "delivered" in happened:
        assert happened["delivered"] <= happened["viewed"]
