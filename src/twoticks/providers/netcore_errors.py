"""Netcore's error codes in our words (cpaasdocs.netcorecloud.com, WhatsApp API)."""

from __future__ import annotations

from twoticks.providers.meanings import WHATSAPP
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

OWN: dict[str, Meaning] = {
    "8001": Meaning(ErrorKind.OTHER, "A parameter is missing"),
    "8002": Meaning(ErrorKind.OPTED_OUT, "The person has not opted in at Netcore"),
    "8003": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "8004": Meaning(ErrorKind.ACCOUNT, "Netcore does not know the sender"),
    "8006": Meaning(ErrorKind.OTHER, "A parameter is not valid"),
    "8007": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "8008": Meaning(ErrorKind.MEDIA, "The medium is not valid"),
}
CODES: dict[str, Meaning] = {**WHATSAPP, **OWN}
