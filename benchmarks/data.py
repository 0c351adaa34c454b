"""The request files that are measured, and answers that stand in for a model's: made once, kept in `benchmarks/data`."""

import datetime
from pathlib import Path

import duckdb
import orjson

from batch_classifier.inference.interface import Job, JobState
from batch_classifier.inference.job_name import job_name
from batch_classifier.inference.local.local_inference import LocalInference
from batch_classifier.inference.record_form import Record
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import write_sample
from batch_classifier.storage.internal_keys import answers_key, batch_key
from batch_classifier.storage.local_folder import LocalFolder

DATA = Path(__file__).parent / "data"
SEED = 5


def request_file(rows: int, suffix: str) -> Path:
    """A file of sample calls of about 1.4 KB each; the same rows whatever the format."""
    path = DATA / f"calls_{rows}{suffix}"
    if not path.exists():
        write_sample("travel", rows, SEED, path)
    return path


def fake_answers(home: Path, prompt: Prompt) -> None:
    """Write what the local engine would write for all batches of a home, without asking it.

    The lines have its form: the record that was sent, with its `modelInput`, and an answer of about 180 characters to each text.
    """
    internal = LocalFolder(home / "internal")
    inference = LocalInference(internal, home)
    model_id, forms = inference.model_id(prompt), inference.record_forms(prompt)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        batches = connection.sql(f"select batch, records from {prompt.name}.bedrock_jsonl").fetchall()
    for batch, records in batches:
        name = job_name(prompt, model_id, internal, batch, 1)
        key = batch_key(prompt, batch)
        with internal.spool() as path:
            with internal.read(key) as lines, path.open("wb") as out:
                for number, line in enumerate(lines):
                    said = _model_output(prompt, number, model_id, forms.read(line.rstrip()))
                    out.write(b'%b,"modelOutput":%b}\n' % (line[:-2], said))
            output = answers_key(prompt, "local", batch, 1)
            internal.publish(path, f"{output}/{name}/{key.rsplit('/', 1)[-1]}.out")
        now = datetime.datetime.now(datetime.UTC)
        job = Job(
            name, f"local:{name}", JobState.COMPLETED, submitted_at=now, ended_at=now, total=records, processed=records
        )
        LocalFolder(home / "local_jobs").write_bytes(f"{name}.json", orjson.dumps(job))


def _model_output(prompt: Prompt, number: int, model_id: str, record: Record) -> bytes:
    category = prompt.class_names[number % len(prompt.class_names)]
    answer = (
        f"<class>{category}</class><rationale>Nearest to the example “I need to move my flight next week” "
        f"(similarity 0.{number % 90 + 10}); the word “flight” speaks for it most.</rationale>"
    )
    if not record.asks_of_one:
        answer = "".join(f'<answer id="{one}">{answer}</answer>' for one in record.texts)
    return orjson.dumps(
        {
            "type": "message",
            "role": "assistant",
            "model": model_id,
            "content": [{"type": "text", "text": answer}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 60, "output_tokens": len(answer) // 4},
            "confidence": 0.5,
        }
    )
