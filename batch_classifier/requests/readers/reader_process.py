"""The process that `isolated_reading` starts: reads one file from standard input, and writes its rows to standard output.

Whatever happens here ends one file, not the run that reads it: running out of memory, an abort of a library written in another
language, a loop without an end, an error nobody has thought of.
"""

import os
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.requests.readers.rows import Block, pieces

# A letter, and the length of what follows.
FRAME = struct.Struct("<cQ")
BLOCK, REFUSAL, END = b"B", b"R", b"E"
# Where the sheet's name and the rows' problems stand in a block's record batch.
PART = b"part"
PROBLEMS = "problems"
_READ_BYTES = 1 << 20


def _workbook() -> Callable[[BinaryIO, str, Limits], Iterator[Block]]:
    from batch_classifier.requests.readers.workbook import read_workbook

    return read_workbook


def _parquet() -> Callable[[BinaryIO, str, Limits], Iterator[Block]]:
    from batch_classifier.requests.readers.parquet import read_parquet

    return read_parquet


READERS: dict[str, Callable[[], Callable[[BinaryIO, str, Limits], Iterator[Block]]]] = {
    "workbook": _workbook,
    "parquet": _parquet,
}


def main() -> None:
    """Do what the only argument orders: an object with reader, name, limits, memory (bytes) and seconds."""
    order: dict[str, Any] = orjson.loads(sys.argv[1])
    limit_memory(order["memory"])
    limit_computing(order["seconds"])
    name = order["name"]
    # The only writer to the real output; what a library prints goes nowhere.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        with open(0, "rb", buffering=_READ_BYTES, closefd=False) as file:
            for block in READERS[order["reader"]]()(file, name, Limits(**order["limits"])):
                for piece in pieces(block):
                    _write(output, BLOCK, _as_stream(piece))
        _write(output, END, b"")
    except UnreadableFile as error:
        _write(output, REFUSAL, str(error).encode(errors="replace"))
    except BrokenPipeError:
        # Nobody wants the rest.
        pass
    except MemoryError:
        sentence = (
            f"'{name}' needs more than {order['memory'] >> 20:,} MB of memory to be read: save what is needed of it as CSV, "
            "or split it."
        )
        _write(output, REFUSAL, sentence.encode(errors="replace"))
    except Exception as error:
        # Where it happened is told, and not the error's own words, which may quote the file.
        place = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"'{name}' cannot be read ({type(error).__name__} in {Path(place.filename).name}, line {place.lineno}): "
            "save it again, or save it as CSV."
        )
        _write(output, REFUSAL, sentence.encode(errors="replace"))


def limit_memory(size: int) -> None:
    """Limit the address space of this process to so many bytes, where the platform can; a crash leaves no core file."""
    _limit("RLIMIT_AS", size)
    _limit("RLIMIT_CORE", 0)


def limit_computing(seconds: int) -> None:
    """Have the system end this process when it has computed for so many seconds, where the platform can."""
    _limit("RLIMIT_CPU", seconds)


def _limit(name: str, value: int) -> None:
    try:
        import resource
    except ImportError:
        return
    limit = getattr(resource, name)
    _, most = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (value if most == resource.RLIM_INFINITY else min(value, most), most))
    except (ValueError, OSError):
        # macOS knows the limit of memory and refuses it.
        return


def _as_stream(block: Block) -> pa.Buffer:
    metadata = None if block.part is None else {PART: block.part.encode("utf-8", "replace")}
    names = [*block.cells.schema.names, PROBLEMS]
    schema = pa.schema([pa.field(name, pa.string()) for name in names], metadata)
    # Not by name, for a column of the file may have the same.
    batch = pa.RecordBatch.from_arrays([*block.cells.columns, block.problems], schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


def _write(output: Any, kind: bytes, content: bytes | pa.Buffer) -> None:
    for data in (FRAME.pack(kind, len(content)), content):
        view = memoryview(data)
        while view:
            view = view[output.write(view) :]


if __name__ == "__main__":
    main()
