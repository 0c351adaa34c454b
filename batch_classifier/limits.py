"""How large a request file and what is in it may be, so that no small file fills the memory or the disk."""

from dataclasses import dataclass

from batch_classifier.errors import UnreadableFile

# A file that unpacks to no more than this is taken whatever its ratio: it does no harm.
HARMLESS_BYTES = 100_000_000


@dataclass(frozen=True)
class Limits:
    """What the settings allow a request file.

    Attributes:
        file_bytes: the file's size, as it lies there and unpacked.
        cell_bytes: the size of one cell as UTF-8; a row of a delimited file, too.
        unpacked_ratio: how many times its own size a file may unpack to, from `HARMLESS_BYTES` on.
    """

    file_bytes: int = 10_000_000_000
    cell_bytes: int = 1 << 24
    unpacked_ratio: int = 200

    def check_size(self, size: int, name: str) -> None:
        """Raise UnreadableFile when a file of so many bytes is too large."""
        if size > self.file_bytes:
            raise UnreadableFile(
                f"'{name}' has {size:,} bytes, more than BATCH_CLASSIFIER_MAX_FILE_BYTES allows ({self.file_bytes:,}): "
                "split it, or raise that setting."
            )

    def check_unpacked(self, unpacked: int, packed: int, name: str) -> None:
        """Raise UnreadableFile when so many unpacked bytes out of a file of `packed` bytes are too many."""
        if unpacked > self.file_bytes:
            raise UnreadableFile(
                f"'{name}' unpacks to more than BATCH_CLASSIFIER_MAX_FILE_BYTES allows ({self.file_bytes:,} bytes): "
                "split it, or raise that setting."
            )
        if unpacked > max(HARMLESS_BYTES, packed * self.unpacked_ratio):
            raise UnreadableFile(
                f"'{name}' has {packed:,} bytes and unpacks to more than {self.unpacked_ratio:,} times as many: check where it "
                "comes from, and raise BATCH_CLASSIFIER_MAX_UNPACKED_RATIO if it is right."
            )

    def check_cell(self, size: int, row: int, name: str) -> None:
        """Raise UnreadableFile when a cell of so many bytes is too large."""
        if size > self.cell_bytes:
            raise UnreadableFile(
                f"'{name}' has a cell of {size:,} bytes in row {row:,}, more than BATCH_CLASSIFIER_MAX_CELL_BYTES allows "
                f"({self.cell_bytes:,}): shorten it, or raise that setting."
            )


DEFAULT_LIMITS = Limits()
