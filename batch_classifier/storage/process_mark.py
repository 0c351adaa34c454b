"""What tells a process from all others, also after its end: host, process id and start time."""

import platform
from dataclasses import dataclass
from typing import Self

import psutil

# Start times are told to the hundredth of a second, the time of boot to the second, and clocks are set a little now and then.
_SAME_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class ProcessMark:
    """A process that runs, or ran.

    `started_at` is the start in seconds since 1970, `after_boot` the same in seconds since the machine was started. A clock
    that is set changes one of them at most, on every system.
    """

    host: str
    process_id: int
    started_at: float
    after_boot: float

    @classmethod
    def own(cls, **more: str) -> Self:
        """The mark of this process."""
        return cls.of(psutil.Process(), **more)

    @classmethod
    def of(cls, process: psutil.Process, **more: str) -> Self:
        """The mark of a process of this machine; raises psutil.NoSuchProcess when it has ended."""
        started_at = process.create_time()
        return cls(
            host=platform.node(),
            process_id=process.pid,
            started_at=started_at,
            after_boot=started_at - psutil.boot_time(),
            **more,
        )

    def is_of_this_host(self) -> bool:
        """Whether its process id means anything here."""
        return self.host == platform.node()

    def is_gone(self) -> bool:
        """Whether no such process is there; one that has ended and waits to be collected, or was given the id since, does not count."""
        try:
            process = psutil.Process(self.process_id)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            started_at = process.create_time()
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False
        after_boot = started_at - psutil.boot_time()
        return abs(started_at - self.started_at) > _SAME_SECONDS and abs(after_boot - self.after_boot) > _SAME_SECONDS
