"""The doubt of a request file's classes where the model gave no confidence: in scratch tables, from its rows as they stream by."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.answers.doubt import doubts, usual_shares
from batch_classifier.training.local_model import fold_of
from batch_classifier.warehouse.column import NUMBER, TEXT
from batch_classifier.warehouse.scratch import load, one_number
from batch_classifier.warehouse.statuses import HOLDING, in_sql

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TEXTS = 4_000
"""How many answers are learned from: what is found among them grows little from there."""
FEWEST_TEXTS = 100
"""With fewer, what is rare cannot be told from what is wrong."""
_FEWEST_OF_A_CLASS = 5
# So much of a text is read; what it is about is said by then.
_READ_CHARACTERS = 2_000
_FOLDS = 5
_DOUBTS = pa.schema([("text_id", TEXT), ("doubt", NUMBER)])


@dataclass
class SecondOpinion:
    """Makes the table `doubts` (text_id, doubt) in a scratch database that has `answers` and `chosen`.

    Attributes:
        classes: the prompt's categories.
        learned_from: how many texts it was trained on.
        agreement: the share of them whose class it would give as well, not having seen it; None where there is none.
        without: why there are no doubts, in a sentence; None where there are, or none was needed.
    """

    scratch: duckdb.DuckDBPyConnection
    classes: Sequence[str]
    learned_from: int = 0
    agreement: float | None = None
    without: str | None = None

    def form(self, requests: Iterable[pa.RecordBatch]) -> None:
        """Make the table. `requests`: row_number and text, in the order of the file; read once or twice, so not a stream."""
        load(self.scratch, "doubts", _DOUBTS, ())
        # The texts stay in the rows, each distinct one in its first.
        self.scratch.execute(
            'create table unsure as select chosen.text_id, min(row_number) as row_number, min("class") as "class" '
            "from chosen join answers on answers.rowid = chosen.answer "
            f"where confidence is null and status in {in_sql(HOLDING)} group by chosen.text_id order by 2"
        )
        if one_number(self.scratch, "select count(*) from unsure") == 0:
            return
        # Ids are hashes: in their order, texts are by chance.
        self.scratch.execute(f"create table learned as select * from unsure order by text_id limit {MOST_TEXTS}")
        if (fault := self._fault()) is not None:
            self.without = fault
            return
        self._learn_and_judge(requests)

    def _fault(self) -> str | None:
        counts = Counter(dict(self.scratch.execute('select "class", count(*) from learned group by 1').fetchall()))
        if counts.total() < FEWEST_TEXTS:
            return f"{counts.total()} distinct texts are too few to learn from; {FEWEST_TEXTS} would do"
        common = [name for name, count in counts.items() if count >= _FEWEST_OF_A_CLASS and name in self.classes]
        if len(common) < 2:
            return f"fewer than two categories have {_FEWEST_OF_A_CLASS} texts or more"
        return None

    def _learn_and_judge(self, requests: Iterable[pa.RecordBatch]) -> None:
        # Training imports what takes a second.

        from batch_classifier.language.cross_validated import CrossValidated

        learned = _Texts.together(list(self._texts("learned", requests)))
        given, ids = learned.given, learned.ids.to_pylist()
        trained = CrossValidated(learned.texts, given, [fold_of(text_id, _FOLDS) for text_id in ids], len(self.classes))
        usual = usual_shares(trained.unseen, given)
        self.learned_from = len(ids)
        self.agreement = float((trained.unseen.argmax(axis=1) == given).mean())
        found = [_rows(learned, doubts(trained.unseen, given, usual))]
        load(self.scratch, "doubts", _DOUBTS, found)
        self.scratch.execute("delete from unsure where text_id in (select text_id from learned)")
        judged = (
            _rows(some, doubts(trained.shares(some.texts), some.given, usual))
            for some in self._texts("unsure", requests)
        )
        load(self.scratch, "doubts", _DOUBTS, judged)

    def _texts(self, table: str, requests: Iterable[pa.RecordBatch]) -> "Iterator[_Texts]":
        """The texts of a table, some at once."""
        classes = pa.array(self.classes, TEXT)
        # Another statement of the same connection would end the one that reads what is made of these.
        with self.scratch.cursor() as reading:
            for rows in requests:
                numbers = rows["row_number"]
                if not rows.num_rows:
                    continue
                wanted = reading.sql(
                    f'select row_number, text_id, "class" from {table} where row_number between ? and ? order by 1',
                    params=[numbers[0].as_py(), numbers[-1].as_py()],
                ).to_arrow_table()
                given = pc.index_in(wanted["class"], value_set=classes)
                chosen = wanted.append_column("given", given).filter(given.is_valid()).combine_chunks()
                if chosen.num_rows:
                    places = pc.index_in(chosen["row_number"], value_set=numbers)
                    texts = pc.utf8_slice_codeunits(rows["text"].take(places.combine_chunks()), 0, _READ_CHARACTERS)
                    yield _Texts(chosen["text_id"].combine_chunks(), texts, chosen["given"].to_numpy())


@dataclass(frozen=True)
class _Texts:
    ids: pa.StringArray
    texts: pa.StringArray
    given: "NDArray[np.integer]"

    @classmethod
    def together(cls, parts: "Sequence[_Texts]") -> "_Texts":
        import numpy as np

        ids, texts = (pa.concat_arrays([getattr(one, name) for one in parts]) for name in ("ids", "texts"))
        return cls(ids, texts, np.concatenate([one.given for one in parts]))


def _rows(texts: _Texts, found: "NDArray[np.floating]") -> pa.RecordBatch:
    return pa.record_batch([texts.ids, pa.array(found, NUMBER)], schema=_DOUBTS)
