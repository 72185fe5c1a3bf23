"""The errors that people see: what is wrong, where, and what to do."""

from __future__ import annotations


class TwoticksError(Exception):
    """Base of every error we raise on purpose.

    `message` says what is wrong, `field` where (a path such as ``d[3].profileData.Phone``), `hint` what to do.
    None of the three may hold a secret, a phone number or the text of a message: they are logged.
    """

    def __init__(self, message: str, *, field: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint


class BadInput(TwoticksError):
    """The caller sent something we cannot use (HTTP 400)."""


class Unauthorized(TwoticksError):
    """No credentials, or wrong ones (HTTP 401)."""


class Unverified(Unauthorized):
    """A callback whose signature or secret does not hold (HTTP 401, nothing stored)."""


class NotFound(TwoticksError):
    """The thing named does not exist (HTTP 404)."""


class Conflict(TwoticksError):
    """The state of the thing does not allow this now (HTTP 409)."""


class TooLarge(TwoticksError):
    """The body is longer than allowed (HTTP 413)."""


class Unavailable(TwoticksError):
    """We cannot take this now; the same request may succeed later (HTTP 503 with Retry-After).

    `retry_after` is in whole seconds.
    """

    def __init__(
        self, message: str, *, retry_after: int = 5, field: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.retry_after = retry_after


class StoreDamaged(TwoticksError):
    """A store misses data that it once acknowledged; the hint names the command that restores it."""


class Misconfigured(TwoticksError):
    """A setting is missing or makes no sense; `field` names it."""
