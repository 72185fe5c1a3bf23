"""The table of figures: what each is called, what it means, how it is made, and what must be there to supply it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What a campaign or its provider must have for a figure to mean anything; `support.py` has the reasons."""

    DELIVERED = "delivered"
    VIEWED = "viewed"
    REPLIES = "replies"
    CLICKS = "clicks"
    GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure. `of` names the figure that its rate is a share of, None where a share makes no sense."""

    name: str
    label: str
    explanation: str
    formula: str
    needs: Need | None = None
    of: str | None = None


_COUNTED = (
    Metric(
        "qualified",
        "Qualified",
        "Everyone the campaign's audience held when it started, the control group included.",
        "control + waiting + not attempted + refused + unknown + sent",
    ),
    Metric(
        "control",
        "Control group",
        "Left out on purpose, by chance, to see what people do without the message.",
        "members of the control group",
        of="qualified",
    ),
    Metric(
        "waiting",
        "Waiting",
        "Nothing has happened to these messages yet.",
        "qualified - (control + not attempted + refused + unknown + sent)",
        of="qualified",
    ),
    Metric(
        "not_attempted",
        "Not attempted",
        "We did not try: opted out, no valid number, a limit or a cap. Internal dispatch errors.",
        "held back - (control, sent, refused, unknown)",
        of="qualified",
    ),
    Metric(
        "refused",
        "Refused",
        "The provider answered a final no. External dispatch errors.",
        "refused by answer - (control, sent)",
        of="qualified",
    ),
    Metric(
        "unknown",
        "No answer",
        "We asked and no answer came. Never sent again; a callback settles what happened. External dispatch errors.",
        "attempted - (control, sent, refused)",
        of="qualified",
    ),
    Metric(
        "sent",
        "Sent",
        "The provider took the message: by its answer, or by a receipt that proves it.",
        "accepted or delivered or failed = delivered + delivery errors + pending",
        of="qualified",
    ),
    Metric(
        "delivered",
        "Delivered",
        "The message reached the phone: confirmed by a receipt, or implied by a view, a click or a direct reply.",
        "confirmed + implied",
        Need.DELIVERED,
        of="sent",
    ),
    Metric(
        "delivered_confirmed",
        "Delivered, confirmed",
        "A delivery receipt came.",
        "delivery receipts",
        Need.DELIVERED,
        of="delivered",
    ),
    Metric(
        "delivered_implied",
        "Delivered, implied",
        "No delivery receipt came, but the message was viewed, clicked or directly replied to.",
        "(viewed or clicked or replied to) - delivery receipts",
        Need.DELIVERED,
        of="delivered",
    ),
    Metric(
        "viewed",
        "Viewed",
        "A read receipt came. People who turned read receipts off are missing here.",
        "read receipts",
        Need.VIEWED,
        of="delivered",
    ),
    Metric(
        "clicked",
        "Clicked",
        "People who opened at least one link of the message. Automated hits are left out.",
        "messages with a click",
        Need.CLICKS,
        of="delivered",
    ),
    Metric(
        "clicks_total",
        "Clicks",
        "How often links were opened, repeats included. Automated hits are left out.",
        "every click once, summed over links",
        Need.CLICKS,
    ),
    Metric(
        "replied",
        "Replied",
        "People who wrote back.",
        "direct replies + replies credited to the last message",
        Need.REPLIES,
        of="sent",
    ),
    Metric(
        "replies_total",
        "Replies",
        "How many messages people wrote back.",
        "every incoming message once",
        Need.REPLIES,
    ),
    Metric(
        "converted",
        "Converted",
        "People who were sent the message and reached the goal within its window. Each counts once.",
        "goal reached and sent",
        Need.GOAL,
        of="sent",
    ),
    Metric(
        "delivery_errors",
        "Delivery errors",
        "The provider took the message, and later told that it failed.",
        "failed - delivered",
        Need.DELIVERED,
        of="sent",
    ),
    Metric(
        "pending",
        "Pending",
        "Sent, and neither a delivery nor a failure has been told yet.",
        "sent - (delivered or failed)",
        Need.DELIVERED,
        of="sent",
    ),
)

COUNTS: tuple[str, ...] = tuple(metric.name for metric in _COUNTED)
"""The figures of the overview, in reading order."""

_BESIDE = (
    Metric(
        "replied_exact",
        "Replied directly",
        "The reply names the message it answers.",
        "replies that quote the message",
        Need.REPLIES,
        of="replied",
    ),
    Metric(
        "replied_last_message",
        "Replied, credited",
        "The reply names no message and is credited to the last one sent to the person.",
        "other replies",
        Need.REPLIES,
        of="replied",
    ),
    Metric(
        "failed",
        "Delivery errors",
        "Messages that failed and were not delivered, when the failure was told.",
        "failed - delivered",
        Need.DELIVERED,
        of="sent",
    ),
    Metric(
        "viewed_not_clicked",
        "Viewed, not clicked",
        "People who read the message and opened no link.",
        "viewed - clicked",
        Need.VIEWED,
        of="viewed",
    ),
    Metric(
        "delivered_not_viewed",
        "Delivered, not viewed",
        "People whom the message reached without a read receipt.",
        "delivered - viewed",
        Need.VIEWED,
        of="delivered",
    ),
    Metric(
        "sent_not_delivered",
        "Sent, not delivered",
        "Messages the provider took that have not reached a phone.",
        "sent - delivered = delivery errors + pending",
        Need.DELIVERED,
        of="sent",
    ),
    Metric(
        "converted_target",
        "Converted, target group",
        "Everyone assigned to the target group who reached the goal, whether or not the message was sent.",
        "goal reached - control",
        Need.GOAL,
    ),
    Metric(
        "converted_control",
        "Converted, control group",
        "Members of the control group who reached the goal.",
        "goal reached and control",
        Need.GOAL,
        of="control",
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_COUNTED, *_BESIDE)}
"""Every figure by its name: those of the overview, and other lists of people."""
