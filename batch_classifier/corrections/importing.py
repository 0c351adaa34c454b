"""A file of classes becomes a set of corrections: the rows whose class differs, or none of them where a row is wrong.

What is wrong is told row by row. The rows of the set are spooled while the file is looked through, and written only when all of it was right.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from batch_classifier.corrections.correction import Correction, CorrectionSet, new_set, write_set
from batch_classifier.corrections.imported_rows import ImportedRows, content_of
from batch_classifier.corrections.matching import Candidate, MatchedRow, match
from batch_classifier.corrections.reasons import Reasons
from batch_classifier.corrections.texts import TextsById
from batch_classifier.limits import Limits
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.scratch import scratch_database
from batch_classifier.warehouse.spooled_rows import SpooledRows
from batch_classifier.wording import fit_line

PROBLEMS_TOLD = 50
_LONGEST_SHOWN = 40
# Rows whose texts are looked up and compared at once.
_ROWS_AT_ONCE = 1_000


@dataclass
class Imported:
    """What came of an import.

    Attributes:
        correction_set: the name of the set that was written; None where nothing was.
        rows: rows that the file has.
        written: corrections in the set, one for each text.
        wrong: rows that are wrong; where there are any, nothing was imported.
        problems: a sentence for each of the first `PROBLEMS_TOLD` of them.
        older: rows of a result file that say what the model said and know of no correction, while one holds; they were left alone.
    """

    correction_set: str | None = None
    rows: int = 0
    written: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)
    older: int = 0


@dataclass
class Import:
    """Imports one file into the corrections of a prompt.

    Attributes:
        file_name: its name without folders; its suffix says the format.
        request_file: the request file that the ids stand in, where somebody has said so.
        why: the reason for all rows that give none.
    """

    warehouse: Warehouse
    prompt: Prompt
    file: BinaryIO
    file_name: str
    who: str
    now: datetime.datetime
    limits: Limits
    request_file: str | None = None
    why: str | None = None
    _done: Imported = field(init=False, default_factory=Imported)
    _said: dict[str, tuple[str, int]] = field(init=False, default_factory=dict)
    _reasons: Reasons = field(init=False)

    def __post_init__(self) -> None:
        self._reasons = Reasons(self.prompt)

    def run(self) -> Imported:
        """Import it. Raises UnreadableFile for a file that is none, and ClassifierError when the tables can't be used."""
        rows = ImportedRows(self.file, self.file_name, self.prompt, self.limits)
        added = new_set(self.warehouse, self.prompt, self.who, self.now, self.file_name)
        with scratch_database() as scratch, temporary_folder() as folder:
            matched = match(scratch, self.warehouse, self.prompt, rows, self.file_name, self.request_file)
            spooled = SpooledRows(folder / "corrections.arrow")
            for _ in spooled.keep(added.rows(self._corrections(matched, rows))):
                pass
            if self._said and not self._done.wrong:
                self._write(added, spooled)
        return self._done

    def _write(self, added: CorrectionSet, spooled: SpooledRows) -> None:
        self._done.written = write_set(self.warehouse, self.prompt, added, spooled)
        self._done.correction_set = added.name

    def _corrections(self, matched: Iterable[MatchedRow], rows: ImportedRows) -> Iterator[Correction]:
        waiting: list[MatchedRow] = []
        for row in matched:
            self._done.rows += 1
            if self._is_changed(row, rows.is_result_file):
                waiting.append(row)
            if len(waiting) >= _ROWS_AT_ONCE:
                yield from self._looked_up(waiting)
                waiting = []
        yield from self._looked_up(waiting)

    def _is_changed(self, row: MatchedRow, is_result_file: bool) -> bool:
        if row.problem is not None:
            return self._wrong(row, row.problem)
        if not row.candidates:
            return self._wrong(row, self._unknown(row))
        others = [one for one in row.candidates if one.class_now != row.class_name]
        if not others:
            return False
        if is_result_file and row.told_model_class is None and _is_as_the_model_said(row):
            self._done.older += 1
            return False
        if row.class_name is None:
            return self._wrong(row, "has no class; --withdraw takes a correction back")
        if row.class_name not in self.prompt.class_names:
            name = fit_line(row.class_name, _LONGEST_SHOWN)
            return self._wrong(row, f"has the class {name!r}, which is no category of {self.prompt.name}")
        return True

    def _looked_up(self, rows: list[MatchedRow]) -> Iterator[Correction]:
        ids = {one.text_id for row in rows for one in row.candidates if one.text_id is not None}
        texts = TextsById(self.warehouse, self.prompt, ids)
        for row in rows:
            chosen = self._chosen(row, texts)
            if chosen is None or chosen.text_id is None or row.class_name in (None, chosen.class_now):
                continue
            said = self._said.setdefault(chosen.text_id, (str(row.class_name), row.line))
            if said[0] != row.class_name:
                self._wrong(row, f"gives the same text another class than row {said[1]}")
            if said[1] == row.line:
                text = texts[chosen.text_id]
                yield Correction(
                    text_id=chosen.text_id,
                    input_text=text.text,
                    record_id=chosen.record_id,
                    request_file=chosen.request_file,
                    old_class=chosen.class_now,
                    new_class=row.class_name,
                    redaction=text.redaction,
                    why=self._reasons.masked(row.why or self.why),
                )

    def _chosen(self, row: MatchedRow, texts: TextsById) -> Candidate | None:
        """The one text that the row is about; None, with what is wrong noted, where it is none or may be several."""
        usable = [one for one in row.candidates if one.text_id is not None and one.text_id in texts]
        if not usable:
            self._wrong(row, "is about a row without a usable text, which has no class to correct")
            return None
        if row.content is not None:
            alike = [one for one in usable if one.text_id and _is_alike(row, texts[one.text_id].text)]
            if not alike:
                file = usable[0].request_file
                self._wrong(row, f"has another text than the record of this id in {file} has now")
                return None
            usable = alike
        if len(usable) > 1:
            files = len({one.request_file for one in usable})
            where = (
                f"in {files} request files; name one with --request-file"
                if files > 1
                else f"in {usable[0].request_file}"
            )
            self._wrong(row, f"has an id that several texts have, {where}")
            return None
        return usable[0]

    def _unknown(self, row: MatchedRow) -> str:
        if row.text_id is not None and row.id is None:
            return "has a text_id that no classification has"
        return "has an id that no classification has" + (f" in {row.request_file}" if row.request_file else "")

    def _wrong(self, row: MatchedRow, what: str) -> bool:
        named = f" (id {fit_line(row.id, _LONGEST_SHOWN)})" if row.id else ""
        self._done.wrong += 1
        if len(self._done.problems) < PROBLEMS_TOLD:
            self._done.problems.append(f"Row {row.line}{named} {what}.")
        return False


def _is_as_the_model_said(row: MatchedRow) -> bool:
    return all(one.held_class is not None and one.model_class == row.class_name for one in row.candidates)


def _is_alike(row: MatchedRow, text: str) -> bool:
    stored = content_of(text)
    if row.is_cut:
        return stored.digest(row.length) == row.content
    return stored.length == row.length and stored.digest() == row.content
