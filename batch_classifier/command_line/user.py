"""Who starts a command, for what is noted of it."""

import getpass


def user_name() -> str:
    """The system user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A process in a container may run as a user without a name.
        return "unknown"
