"""A job at work: its records answered, and the output files and manifest that it leaves."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from batch_classifier_tests.emulators.answering import Behaviour, answer_record, read_text
from batch_classifier_tests.emulators.calls import Calls, ModelCall
from batch_classifier_tests.emulators.faults import (
    Fault,
    Faults,
    MalformedLine,
    MissingRecord,
    RenamedRecord,
    RepeatedRecord,
    SeenRecord,
)
from batch_classifier_tests.emulators.job_input import InputFile
from batch_classifier_tests.emulators.model_catalog import EmulatedModel
from batch_classifier_tests.emulators.model_requests import RecordRefused

MANIFEST_NAME = "manifest.json.out"
EXPIRED = RecordRefused("The job reached its timeout before this record was processed.", "RequestExpired", True)


@dataclass
class Counts:
    """The numbers of a job."""

    total: int = 0
    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def describe_records(self) -> dict[str, int]:
        """As get, list and the manifest name them."""
        return {
            "totalRecordCount": self.total,
            "processedRecordCount": self.processed,
            "successRecordCount": self.succeeded,
            "errorRecordCount": self.failed,
        }

    def describe_tokens(self) -> dict[str, int]:
        """As the manifest names them."""
        return {"inputTokenCount": self.input_tokens, "outputTokenCount": self.output_tokens}


@dataclass
class OutputLine:
    """One line to write, the record that it was made from, and the call that it tells of, if it tells of one."""

    text: str
    written: dict[str, Any]
    call: ModelCall | None


@dataclass
class BatchRun:
    """One job's records on their way through the model."""

    behaviour: Behaviour
    model: EmulatedModel
    invocation_type: str
    job_name: str
    records_at_most: int
    counts: Counts = field(default_factory=Counts)
    calls: list[ModelCall] = field(default_factory=list)

    def write_files(self, files: Iterable[InputFile], calls: Calls) -> dict[str, bytes]:
        """Answer the records and give the content of every output file by its name; counts the calls as well."""
        faults = self.behaviour.faults
        if not faults.strikes_job(self.job_name):
            faults = Faults(record_rules=faults.record_rules)
        written: dict[str, bytes] = {}
        for file in files:
            lines = [line for record in file.records for line in self._process(record, faults)]
            self._spoil_lines(lines, faults)
            self._put_in_order(lines, faults, file.name)
            if faults.missing_output_file:
                self._forget(lines)
            else:
                written[f"{file.name}.out"] = self._join(lines, faults)
            self.calls.extend(line.call for line in lines if line.call is not None)
        if not faults.missing_manifest:
            counts = self.counts.describe_records() | self.counts.describe_tokens()
            manifest = counts | (faults.manifest_counts or {})
            written[MANIFEST_NAME] = json.dumps(manifest).encode()
        # A record that has two lines was still asked only once.
        calls.model.extend({id(call): call for call in self.calls}.values())
        return written

    def _process(self, record: dict[str, Any], faults: Faults) -> list[OutputLine]:
        position = self.counts.total
        self.counts.total += 1
        record_id = record.get("recordId") or f"CALL{position:07d}"
        model_input = record["modelInput"]
        text = read_text(self.model, self.invocation_type, model_input)
        written: dict[str, Any] = {"recordId": record_id, "modelInput": model_input}
        fault: Fault | None = None
        is_answered = False
        if position >= self.records_at_most:
            if not faults.unfinished_come_as_expired:
                return []
            written["error"] = _describe_error(EXPIRED)
        else:
            self.counts.processed += 1
            try:
                _refuse_extra_keys(record)
                if faults.no_successes:
                    raise RecordRefused("Emulated: no record succeeds.", 500)
                seen = SeenRecord(position, record_id, text, model_input, self.job_name)
                answered = answer_record(self.behaviour, self.model, self.invocation_type, model_input, seen)
            except RecordRefused as refusal:
                self.counts.failed += 1
                written["error"] = _describe_error(refusal)
            else:
                self.counts.succeeded += 1
                self.counts.input_tokens += answered.input_tokens
                self.counts.output_tokens += answered.output_tokens
                written["modelOutput"] = answered.output
                fault, is_answered = answered.fault, answered.is_delivered
        call = ModelCall("batch", text, self.model.model_id, record_id, self.job_name, is_answered)
        if isinstance(fault, MissingRecord):
            self.calls.append(call)
        return [OutputLine(line, written, call) for line in _spell_line(written, fault)]

    def _spoil_lines(self, lines: list[OutputLine], faults: Faults) -> None:
        lines.extend(lines[: faults.duplicated_lines])
        for number in range(faults.unknown_record_ids if lines else 0):
            stranger = lines[0].written | {"recordId": f"stranger-{number}"}
            lines.append(OutputLine(json.dumps(stranger, ensure_ascii=False), stranger, None))

    def _put_in_order(self, lines: list[OutputLine], faults: Faults, file_name: str) -> None:
        if faults.order == "shuffled":
            random.Random(f"{self.behaviour.seed}/{self.job_name}/{file_name}").shuffle(lines)
        elif faults.order == "reversed":
            lines.reverse()

    def _join(self, lines: list[OutputLine], faults: Faults) -> bytes:
        content = "".join(f"{line.text}\n" for line in lines)
        if faults.truncated_last_line and lines:
            content = content[: -1 - len(lines[-1].text) // 2]
            self._forget(lines[-1:])
        return content.encode()

    def _forget(self, lines: list[OutputLine]) -> None:
        # Nobody can read these answers, so asking again is right: they don't count as answered.
        for line in lines:
            line.call = None if line.call is None else replace(line.call, is_answered=False)


def _describe_error(refusal: RecordRefused) -> dict[str, Any]:
    error: dict[str, Any] = {"errorCode": refusal.code, "errorMessage": refusal.message}
    return error | {"expired": True} if refusal.is_expired else error


def _refuse_extra_keys(record: dict[str, Any]) -> None:
    for key in record:
        if key not in ("recordId", "modelInput"):
            raise RecordRefused(f"{key}: Extra inputs are not permitted")


def _spell_line(written: dict[str, Any], fault: Fault | None) -> list[str]:
    if isinstance(fault, MissingRecord):
        return []
    if isinstance(fault, MalformedLine):
        return [fault.line]
    if isinstance(fault, RenamedRecord):
        written = written | {"recordId": fault.record_id}
    line = json.dumps(written, ensure_ascii=False)
    return [line] * (fault.times if isinstance(fault, RepeatedRecord) else 1)
