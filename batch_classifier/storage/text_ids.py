"""The list of a batch's text ids, a file beside the batch: one id a line, in the batch's order."""

from collections.abc import Iterator

import pyarrow as pa

from batch_classifier.storage.folder import Folder

TEXT_ID_LENGTH = 32


def read_text_ids(folder: Folder, key: str) -> Iterator[pa.Array]:
    """The text ids of a batch, in pieces."""
    line = TEXT_ID_LENGTH + 1
    with folder.read(key) as file:
        while piece := file.read(line * 16_384):
            yield pa.array([piece[at : at + TEXT_ID_LENGTH].decode() for at in range(0, len(piece), line)], pa.string())
