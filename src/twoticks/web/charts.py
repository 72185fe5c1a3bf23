"""Charts of the dashboard as SVG, drawn on the server from a report value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import vl_convert as vlc

_TICKS = 12
_FEW = 3
"""With so few periods a line would be a dot: bars instead."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one colour scheme; every series keeps a contrast of 3:1 against the card."""

    ink: str
    soft: str
    line: str
    series: Mapping[str, str]


THEMES = {
    "light": Theme(
        ink="#17211d",
        soft="#53615b",
        line="#e3e9e6",
        series={
            "sent": "#2b6cb0",
            "delivered": "#1d8a63",
            "viewed": "#7a4fc0",
            "clicked": "#b45f06",
            "replied": "#b0337c",
            "converted": "#8a6d00",
            "failed": "#b3261e",
        },
    ),
    "dark": Theme(
        ink="#e9efec",
        soft="#a7b5ae",
        line="#2c3933",
        series={
            "sent": "#6aa8e8",
            "delivered": "#3fbf8f",
            "viewed": "#b394f0",
            "clicked": "#f0a04b",
            "replied": "#f07cc0",
            "converted": "#dcc04a",
            "failed": "#ff8a80",
        },
    ),
}


@lru_cache(maxsize=256)
def trend_svg(periods: tuple[str, ...], series: tuple[tuple[str, str, tuple[int, ...]], ...], theme: str) -> bytes:
    """Messages by period. `series` are (name, label, one value a period); the same arguments are drawn once."""
    look = THEMES[theme]
    values = [
        {"period": period, "series": label, "messages": value}
        for _, label, numbers in series
        for period, value in zip(periods, numbers, strict=True)
    ]
    labels = [label for _, label, _ in series]
    colours = [look.series.get(name, look.soft) for name, _, _ in series]
    few = len(periods) <= _FEW
    encoding: dict[str, Any] = {
        "x": _periods(periods),
        "y": {
            "field": "messages",
            "type": "quantitative",
            "title": "Messages",
            "axis": {"format": "~s", "tickCount": 5},
        },
        "color": {
            "field": "series",
            "type": "nominal",
            "sort": labels,
            "scale": {"domain": labels, "range": colours},
            "legend": {"title": None},
        },
    }
    if few:
        encoding["xOffset"] = {"field": "series", "sort": labels}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 1020,
        "height": 210,
        "background": "transparent",
        "data": {"values": values},
        "mark": {"type": "bar", "cornerRadiusEnd": 3} if few else {"type": "line", "strokeWidth": 2.2},
        "encoding": encoding,
        "config": _config(look),
    }
    return vlc.vegalite_to_svg(spec).encode()


def _periods(periods: Sequence[str]) -> dict[str, Any]:
    shown = list(periods[:: max(1, -(-len(periods) // _TICKS))])
    axis = {"values": shown, "labelAngle": 0, "labelOverlap": True, "grid": False}
    return {"field": "period", "type": "ordinal", "title": None, "sort": list(periods), "axis": axis}


def _config(look: Theme) -> dict[str, Any]:
    axis = {
        "labelColor": look.soft,
        "titleColor": look.soft,
        "gridColor": look.line,
        "domainColor": look.line,
        "tickColor": look.line,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "font": "system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "legend": {"orient": "top", "labelColor": look.ink, "labelFontSize": 12, "symbolType": "circle"},
    }
