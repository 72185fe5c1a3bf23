"""The people of the demo: made up, the same for the same seed, and as uneven as real customers are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

PEOPLE = 20_000
SEED = 7

OPT_OUT_RATE = 0.02
NO_PHONE_RATE = 0.004
SHARED_PHONE_RATE = 0.006
"""People who gave the number of somebody else, as families do."""
NO_NAME_RATE = 0.003


@dataclass(frozen=True, slots=True)
class Place:
    """A city: how likely it is, and what follows from it."""

    city: str
    country: str
    weight: float
    time_zone: str
    languages: tuple[str, ...] = ("en",)


INDIA, GULF = "Asia/Kolkata", "Asia/Dubai"
PLACES = (
    Place("Mumbai", "IN", 14, INDIA, ("en", "hi", "mr")),
    Place("Delhi", "IN", 13, INDIA, ("hi", "en")),
    Place("Bengaluru", "IN", 11, INDIA, ("en", "kn")),
    Place("Hyderabad", "IN", 8, INDIA, ("te", "en")),
    Place("Chennai", "IN", 7, INDIA, ("ta", "en")),
    Place("Pune", "IN", 7, INDIA, ("mr", "en")),
    Place("Kolkata", "IN", 6, INDIA, ("bn", "en")),
    Place("Ahmedabad", "IN", 5, INDIA, ("gu", "hi")),
    Place("Jaipur", "IN", 4, INDIA, ("hi",)),
    Place("Lucknow", "IN", 4, INDIA, ("hi",)),
    Place("Kochi", "IN", 3, INDIA, ("ml", "en")),
    Place("Indore", "IN", 3, INDIA, ("hi",)),
    Place("Guwahati", "IN", 2, INDIA, ("as", "en")),
    Place("Dubai", "AE", 4, GULF, ("en", "ar")),
    Place("Kathmandu", "NP", 3, "Asia/Kathmandu", ("ne", "en")),
    Place("Singapore", "SG", 2, "Asia/Singapore"),
    Place("London", "GB", 1.5, "Europe/London"),
    Place("New York", "US", 1.5, "America/New_York"),
    Place("São Paulo", "BR", 1, "America/Sao_Paulo", ("pt",)),
)
BIG_CITIES = ("Mumbai", "Delhi", "Bengaluru", "Hyderabad", "Chennai", "Pune", "Kolkata")

NAMES: dict[str, tuple[str, str]] = {
    "IN": (
        "Aarav Aditi Ananya Arjun Asha Deepika Diya Farhan Gaurav Harsh Ishaan Jyoti Kabir Kavya Lakshmi Manish Meera "
        "Mohammed Neha Nikhil Pooja Priya Rahul Ravi Rohan Sakshi Sana Sanjay Shreya Simran Sunita Tanvi Varun Vikram "
        "Vivek Zoya",
        "Agarwal Banerjee Bhat Chatterjee Das D'Souza Fernandes Ghosh Gupta Iyer Jain Joshi Kapoor Khan Kulkarni Kumar "
        "Mehta Menon Mishra Nair Naidu Pandey Patel Patil Pillai Rao Reddy Sharma Shaikh Singh Sinha Verma Yadav",
    ),
    "AE": (
        "Ahmed Aisha Fatima Hassan Khalid Layla Mariam Omar Saeed Yusuf",
        "Al_Ali Al_Hashimi Al_Mansoori Haddad Saleh",
    ),
    "NP": ("Aayush Anjali Bikash Binita Kiran Prakash Sabina Sunil Suman", "Adhikari Gurung Karki Rai Shrestha Tamang"),
    "SG": ("Arun Hui_Ling Jun_Wei Kai Mei Siti Wei_Ming Xin_Yi", "Chen Goh Lee Lim Ng Rahman Tan Wong"),
    "GB": ("Amelia Charlotte George Harry Imran Jack Olivia Oscar Priti", "Begum Brown Davies Evans Jones Patel Smith"),
    "US": ("Ava Carlos Emily Ethan Jasmine Liam Maya Noah Sophia", "Garcia Johnson Kim Miller Nguyen Patel Williams"),
    "BR": (
        "Ana Beatriz Bruno Camila Gabriel João Larissa Lucas Mariana",
        "Almeida Costa Lima Oliveira Santos Silva Souza",
    ),
}
"""First names and family names, by country."""

NUMBERS: dict[str, tuple[tuple[str, ...], int]] = {
    "IN": (tuple(f"+91{head}" for head in (70, 72, 73, 74, 75, 76, 77, 78, 79, *range(80, 100))), 8),
    "AE": (("+97150", "+97152", "+97154", "+97155", "+97156", "+97158"), 7),
    "NP": (("+977980", "+977981", "+977984", "+977985", "+977986"), 7),
    "SG": (tuple(f"+65{head}" for head in (*range(81, 88), *range(90, 98))), 6),
    "GB": (("+447400", "+447401", "+447480", "+447576", "+447733", "+447860"), 6),
    # 555-0100 to 555-0199 are kept for made-up numbers in every area code of North America.
    "US": (tuple(f"+1{area}55501" for area in (201, 206, 212, 213, 305, 312, 347, 404, 415, 512, 617, 646, 702)), 2),
    "BR": (("+55119", "+55219", "+55319"), 8),
}
"""Beginnings of mobile numbers, and how many digits follow, by country."""

PLANS = (("Free", 60), ("Plus", 28), ("Gold", 12))
CUSTOMER_TYPES = (("New", 18), ("Regular", 56), ("VIP", 10), ("Lapsed", 16))
SIZES = ("S", "M", "L", "XL")


def people(count: int = PEOPLE, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """`count` records for ``/1/upload``."""
    dice = Random(seed)  # noqa: S311 - made-up people, nothing secret
    weights = list(accumulate(place.weight for place in PLACES))
    taken: set[str] = set()
    phones: list[str] = []
    for number in range(count):
        place = dice.choices(PLACES, cum_weights=weights)[0]
        data = _properties(place, dice)
        phone = _phone(place.country, taken, phones, dice)
        if phone is not None:
            data["Phone"] = phone
        yield {"identity": identity(number), "type": "profile", "profileData": data}


def identity(number: int) -> str:
    """The identity of the person with this number."""
    return f"C{100_000 + number}"


def _properties(place: Place, dice: Random) -> dict[str, Any]:
    first, last = (dice.choice(names.split()).replace("_", " ") for names in NAMES[place.country])
    kind = _weighted(CUSTOMER_TYPES, dice)
    worth = {"New": 0.3, "Regular": 1.0, "VIP": 6.0, "Lapsed": 0.8}[kind]
    data: dict[str, Any] = {
        "City": place.city,
        "Country": place.country,
        "Time Zone": place.time_zone,
        "Language": dice.choice(place.languages),
        "Age": min(78, 18 + int(dice.expovariate(1 / 15))),
        "Plan": _weighted(PLANS, dice),
        "Customer Type": kind,
        "Lifetime Value": round(worth * dice.lognormvariate(8.2, 0.9), 2),
        "Last Order": f"#{dice.randrange(10_000, 99_999)}",
        "Cart Items": dice.choice((1, 1, 1, 2, 2, 3, 4)),
        "Size": dice.choice(SIZES),
    }
    if dice.random() >= NO_NAME_RATE:
        data["Name"] = f"{first} {last}"
    if dice.random() < OPT_OUT_RATE:
        data["MSG-whatsapp"] = False
    return data


def _phone(country: str, taken: set[str], phones: list[str], dice: Random) -> str | None:
    """A number of one's own, or now and then that of somebody else, or none."""
    draw = dice.random()
    if draw < NO_PHONE_RATE:
        return None
    if phones and draw < NO_PHONE_RATE + SHARED_PHONE_RATE:
        return dice.choice(phones)
    heads, digits = NUMBERS[country]
    while (phone := f"{dice.choice(heads)}{dice.randrange(10**digits):0{digits}d}") in taken:
        pass
    taken.add(phone)
    phones.append(phone)
    return phone


def _weighted(choices: tuple[tuple[str, int], ...], dice: Random) -> str:
    return dice.choices([name for name, _ in choices], weights=[weight for _, weight in choices])[0]
