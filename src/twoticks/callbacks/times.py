"""When something happened: the provider's time while it is believable, else the time of receipt."""

from __future__ import annotations

SLACK_MS = 5 * 60 * 1000
"""How far a provider's clock may differ from ours, in milliseconds, before we stop believing it."""


def bounded(at: int | None, started_at: int, received: int) -> tuple[int, bool]:
    """`(time, whether it was replaced)`, all in Unix milliseconds.

    A message cannot be delivered before its campaign started (`started_at`), nor a callback be received before what
    it tells of. A provider's time outside of [started_at - 5 min, received + 5 min], or none, is replaced by the
    receipt time, which is stored with the callback: the result is the same however often it is read.
    """
    if at is not None and started_at - SLACK_MS <= at <= received + SLACK_MS:
        return at, False
    return received, True


def answered_by(at: int | None, received: int) -> int:
    """The latest moment, in Unix milliseconds, at which a message was sent that a reply may answer.

    That is the receipt of the reply. A reply that the provider delivers again days later must not move to a message
    sent since, so its own time counts where that is earlier; providers give whole seconds, hence the slack.
    """
    return received if at is None or at <= 0 else min(received, at + SLACK_MS)
