"""What stands before the emulator and may refuse a call."""

from collections.abc import Callable
from typing import Any, Protocol

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Guard(Protocol):
    """Looks at calls."""

    def guard(self, application: Application) -> Application:
        """The same application behind this."""
