"""Files with dates that some file systems keep and others cut."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest


def with_dates(monkeypatch: pytest.MonkeyPatch, dates: Mapping[str, int]) -> None:
    """Have files of these names changed last at a moment, in seconds since 1970."""
    look = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = look(path, follow_symlinks=follow_symlinks)
        if path.name not in dates:
            return found
        seconds = dates[path.name]
        return os.stat_result(tuple(found), {"st_mtime": float(seconds), "st_mtime_ns": seconds * 10**9})

    monkeypatch.setattr(Path, "stat", stat)
