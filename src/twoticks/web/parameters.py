"""What routes take from the application, from their path and from the query."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from twoticks.jobs.runtime import Runtime

LARGEST_ID = 2**31 - 1
_LARGEST_BLOCK = 2**63 - 1

Running = NamedDependency[Runtime]
"""The parts of this process."""

Number = FromPath[int]
Word = FromPath[str]
# U+0000 is left out because PostgreSQL refuses it.
Text = Annotated[str, QueryParameter(pattern=r"^[^\x00]{0,500}$")]
OptionalText = Annotated[str | None, QueryParameter(pattern=r"^[^\x00]{0,500}$")]

Format = Annotated[str, QueryParameter(name="format", description="`json` or `csv`")]
Bucket = Annotated[str, QueryParameter(name="in", description="A count of `/stats`, such as `viewed`")]
PageSize = Annotated[int, QueryParameter(ge=1, le=1000)]
OptionalId = Annotated[int | None, QueryParameter(ge=0, le=LARGEST_ID)]
Block = Annotated[int, QueryParameter(ge=0, le=_LARGEST_BLOCK)]
"""A number that grows with the journal: of a block, or of what quarantine holds."""
