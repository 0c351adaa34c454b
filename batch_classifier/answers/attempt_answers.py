"""The answers of one attempt at a batch, parsed once: whoever asks first leaves them in a file that all later ones read."""

import hashlib
import importlib.util
import json
import logging
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from batch_classifier.answers.answer_files import ANSWER_SCHEMA, Answers
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.storage.internal_keys import batch_folder_of, is_answers, parsed_answers_key, record_texts_key
from batch_classifier.storage.record_texts import RecordTexts, read_record_texts

_LOGGER = logging.getLogger(__name__)

# Whatever of these changes may read an answer differently.
_PARSER = (
    "batch_classifier.answers.answer_files",
    "batch_classifier.answers.answer_text",
    "batch_classifier.answers.labels",
    "batch_classifier.answers.packed_answers",
    "batch_classifier.inference.model_answers",
)
# Arrow's threads would save nothing with batches of this size, and each keeps memory of its own: 20 MB in all.
_READING = pa.ipc.IpcReadOptions(use_threads=False)
_WRITING = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
_IDENTITY, _UNREADABLE, _CHECKSUM = b"identity", b"unreadable", b"checksum"
# A file that is damaged can fail in all these ways, and may be gone while it is read.
_UNUSABLE = (OSError, pa.ArrowException, ClassifierError, KeyError, IndexError, ValueError)


@dataclass
class AttemptAnswers:
    """Reads the answers below an attempt's output folder, as record batches of ANSWER_SCHEMA. Iterate it once.

    The parsed answers stay as an Arrow file in that folder. It counts as long as it was made from these very files of
    answers by this very parser; one that is old or damaged, or not there, is made again from the files of answers.

    Attributes:
        unreadable: how many lines of the files said nothing; known at the end of the iteration.

    Raises ClassifierError when a file of answers cannot be read.
    """

    folder: Folder
    output_key: str
    prompt: Prompt
    unreadable: int = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        there = {file.key: file for file in self.folder.list(f"{self.output_key}/")}
        files = sorted((file for file in there.values() if is_answers(file.key)), key=lambda file: file.key)
        if not files:
            return
        identity = _identity(files, self.prompt)
        passed = 0
        if parsed_answers_key(self.output_key) in there:
            try:
                for batch in self._parsed_before(identity):
                    passed += batch.num_rows
                    yield batch
                return
            except _UNUSABLE as error:
                _LOGGER.info("The answers below %s are parsed again: %s", self.output_key, type(error).__name__)
        # Parsing gives the same rows in the same order: what was passed on before a damaged place is left out.
        for batch in self._parsed_now(files, identity):
            rest = batch.slice(min(passed, batch.num_rows))
            passed -= batch.num_rows - rest.num_rows
            if rest.num_rows:
                yield rest

    def _parsed_before(self, identity: str) -> Iterator[pa.RecordBatch]:
        """The rows of the file of parsed answers; raises one of `_UNUSABLE` where it is of no use."""
        with (
            self.folder.read(parsed_answers_key(self.output_key)) as file,
            pa.ipc.open_file(file, options=_READING) as reader,
        ):
            schema = reader.schema
            if (schema.metadata or {}).get(_IDENTITY) != identity.encode() or not schema.equals(ANSWER_SCHEMA):
                raise ValueError("made from other files of answers, or by another parser")
            rows, read = reader.num_record_batches - 1, reader.get_batch_with_custom_metadata
            self.unreadable = int(read(rows).custom_metadata[_UNREADABLE])
            for place in range(rows):
                batch, told = read(place)
                # What is damaged could otherwise crash whoever reads it, or give a text the class of another.
                batch.validate(full=True)
                batch = batch.replace_schema_metadata(None)
                if told[_CHECKSUM] != _checksum(batch):
                    raise ValueError("damaged")
                yield batch

    def _parsed_now(self, files: Sequence[StoredFile], identity: str) -> Iterator[pa.RecordBatch]:
        """The rows of the files of answers, which are kept on the way."""
        schema = ANSWER_SCHEMA.with_metadata({_IDENTITY: identity})
        self.unreadable = 0
        record_texts = self._record_texts()
        with self.folder.spool() as path:
            with path.open("wb") as file, pa.ipc.new_file(file, schema, options=_WRITING) as kept:
                for stored in files:
                    with self.folder.read(stored.key) as lines:
                        answers = Answers(lines, self.prompt, record_texts)
                        for batch in answers:
                            kept.write_batch(batch, custom_metadata={_CHECKSUM: _checksum(batch)})
                            yield batch
                    self.unreadable += answers.unreadable
                nothing = pa.RecordBatch.from_pylist([], schema=schema)
                kept.write_batch(nothing, custom_metadata={_UNREADABLE: str(self.unreadable)})
            try:
                self.folder.publish(path, parsed_answers_key(self.output_key))
            except (OSError, ClassifierError) as error:
                # The answers are read; the next one parses them again.
                _LOGGER.warning("The parsed answers below %s are not kept: %s", self.output_key, error)

    def _record_texts(self) -> dict[str, RecordTexts]:
        """The records of several texts of the attempt's batch, by their id."""
        if self.prompt.texts_per_record == 1:
            return {}
        records = read_record_texts(self.folder, record_texts_key(batch_folder_of(self.output_key)))
        return {record.record_id: record for record in records if record.is_packed}


def _checksum(batch: pa.RecordBatch) -> bytes:
    """Of all that a record batch holds; Arrow's files have none, and a damaged one may be read without an error."""
    return b"%d" % zlib.crc32(batch.serialize())


def _identity(files: Sequence[StoredFile], prompt: Prompt) -> str:
    """What tells the answers of these files, as this parser reads them for this prompt, from all others."""
    content = [_parser(), prompt.version, [(file.key, file.size, file.fingerprint) for file in files]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@lru_cache(maxsize=1)
def _parser() -> str:
    """The hash of the parser's own code, so that nobody has to remember to count up a version."""
    found = hashlib.sha256()
    for name in _PARSER:
        module = importlib.util.find_spec(name)
        if module is None or module.origin is None:
            raise ModuleNotFoundError(name=name)
        found.update(module.loader.get_data(module.origin))  # type: ignore[union-attr]
    return found.hexdigest()
