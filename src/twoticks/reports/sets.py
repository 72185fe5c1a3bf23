"""The set algebra of every figure, written once: which facts put a message into a bucket, and which keep it out.

A *mark* is a kind of fact, except that replies are two marks, by how we know which message they answer; `sql/marks.sql`
gives the message numbers of each. A *line* is a list of steps, and a message counts at the first step of the line that
one of its marks belongs to: so the steps of a line never share a message, whatever the facts say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Marks = tuple[str, ...]
Line = Mapping[str, Marks]

CONTROL: Marks = ("control",)
ARRIVED: Marks = ("delivered", "viewed", "clicked", "replied_exact")
"""Each of them proves that the message reached the phone, whether or not that receipt came."""
ACCEPTED: Marks = (*ARRIVED, "failed", "sent")
"""Each of them proves that the provider took the message, whether or not its answer came."""

PLACES: Line = {
    "control": CONTROL,
    "delivered": ARRIVED,
    "delivery_errors": ("failed",),
    "pending": ("sent",),
    "refused": ("refused",),
    "unknown": ("unknown", "attempted"),
    "not_attempted": ("not_attempted",),
}
"""Where a message is: in the first place that fits, and waiting if none does. This is why the equations balance."""

LINES: tuple[Line, ...] = (
    PLACES,
    {"": CONTROL, "delivered_confirmed": ("delivered",), "delivered_implied": ("viewed", "clicked", "replied_exact")},
    {"": CONTROL, "viewed": ("viewed",)},
    {"": CONTROL, "clicked": ("clicked",)},
    {"": CONTROL, "replied_exact": ("replied_exact",), "replied_last_message": ("replied_last_message",)},
    {"": CONTROL, "converted_target": ("converted",)},
    {"": (*CONTROL, *ACCEPTED), "converted_unsent": ("converted",)},
    {"converted_anyone": ("converted",)},
    {"": CONTROL, "active": ("clicked", "replied_exact", "replied_last_message")},
    {"active_anyone": ("clicked", "replied_exact", "replied_last_message")},
)
"""What the overview measures; each name is a bucket."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Messages with a mark of `of`, with a mark of `within` if that is given, and with none of `without`."""

    of: Marks
    without: Marks = ()
    within: Marks = ()

    def parameters(self) -> dict[str, list[str]]:
        """The three lists as the statements bind them."""
        return {"of": list(self.of), "without": list(self.without), "within": list(self.within or self.of)}


def _steps(line: Line) -> dict[str, Bucket]:
    earlier: Marks = ()
    found = {}
    for name, marks in line.items():
        found[name] = Bucket(marks, earlier)
        earlier += marks
    return found


BUCKETS: dict[str, Bucket] = {name: bucket for line in LINES for name, bucket in _steps(line).items() if name} | {
    "sent": Bucket(ACCEPTED, CONTROL),
    "replied": Bucket(("replied_exact", "replied_last_message"), CONTROL),
    "converted": Bucket(("converted",), CONTROL, ACCEPTED),
    "converted_control": Bucket(("converted",), within=CONTROL),
    "viewed_not_clicked": Bucket(("viewed",), (*CONTROL, "clicked")),
    "delivered_not_viewed": Bucket(ARRIVED, (*CONTROL, "viewed")),
    "sent_not_delivered": Bucket(ACCEPTED, (*CONTROL, *ARRIVED)),
}
"""Every bucket that is a set of marked messages; `qualified` and `waiting` are not, they are what is left over."""

PLACED: Marks = tuple(mark for marks in PLACES.values() for mark in marks)
"""A message without any of these is waiting."""


def lines_parameters(lines: Iterable[Line] = LINES) -> dict[str, list[str] | list[int]]:
    """The lines as three arrays of equal length: line number, step number, mark."""
    rows = [
        (number, step, mark)
        for number, line in enumerate(lines)
        for step, marks in enumerate(line.values())
        for mark in marks
    ]
    return {
        "lines": [number for number, _, _ in rows],
        "steps": [step for _, step, _ in rows],
        "marks": [mark for _, _, mark in rows],
    }


def growths(rows: Iterable[tuple[int, int, int]], lines: tuple[Line, ...] = LINES) -> dict[str, int]:
    """How many messages each step adds to its line.

    `rows` are (line, step, messages at this step or an earlier one); a step without facts has no row.
    """
    reached = {(line, step): total for line, step, total in rows}
    sizes: dict[str, int] = {}
    for number, line in enumerate(lines):
        totals = [0]
        for step in range(len(line)):
            totals.append(reached.get((number, step), totals[-1]))
        sizes |= {name: after - before for name, (before, after) in zip(line, pairwise(totals), strict=True)}
    sizes.pop("", None)
    return sizes
