"""Who on this machine may read the files that the project writes: their owner alone, unless a setting says otherwise."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileAccess:
    """The permissions of files and folders that are made. What was there before keeps its own.

    They hold whatever the process's umask is, which is left alone: it is the whole process's, and so every other thread's.

    Attributes:
        mode: permissions of a file, such as 0o600; a folder has those to enter beside those to read.
    """

    mode: int = 0o600

    @property
    def folder_mode(self) -> int:
        """Permissions of a folder: who may read its files may list and enter it."""
        return self.mode | (self.mode & 0o444) >> 2

    def make_folder(self, path: Path) -> None:
        """Make a folder, and those above it that are not there; raises OSError."""
        missing = []
        while not path.exists():
            missing.append(path)
            path = path.parent
        for folder in reversed(missing):
            try:
                folder.mkdir(self.folder_mode)
            except FileExistsError:
                # Somebody else has made it meanwhile, with the same settings.
                continue
            folder.chmod(self.folder_mode)
        # Says what is in the way where it is no folder.
        if not path.is_dir():
            path.mkdir()

    def make_file(self, path: Path) -> None:
        """Make an empty file that is not there yet, nor a link; raises OSError."""
        # The owner alone until the permissions are set, for the umask takes away and adds nothing.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600))
        if self.mode != 0o600:
            path.chmod(self.mode)

    def apply_to(self, path: Path) -> None:
        """Give a file these permissions, if it is there, one's own and has others."""
        try:
            state = path.lstat()
        except FileNotFoundError:
            return
        is_own = not hasattr(os, "geteuid") or state.st_uid == os.geteuid()
        if stat.S_ISREG(state.st_mode) and is_own and stat.S_IMODE(state.st_mode) != self.mode:
            path.chmod(self.mode)


PRIVATE = FileAccess()
