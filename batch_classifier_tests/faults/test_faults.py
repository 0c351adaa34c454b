"""Start, break, start again as a person would, and compare with the undisturbed run: nobody can tell the two apart."""

from collections.abc import Callable

import pytest

from batch_classifier_tests.faults.cases import CASES, Case, Where
from batch_classifier_tests.faults.comparison import Outcome, differences
from batch_classifier_tests.faults.kinds import PromptChanged
from batch_classifier_tests.faults.opened import opened
from batch_classifier_tests.faults.project import request_file


def _parameter(case: Case) -> object:
    marks = [] if case.is_short else [pytest.mark.faults]
    if case.is_short and case.where == "laptop":
        marks = [pytest.mark.long]
    if case.known is not None:
        marks.append(pytest.mark.xfail(strict=True, reason=case.known))
    return pytest.param(case, id=case.name, marks=marks)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_nobody_can_tell(
    case: Case, undisturbed: Callable[[Where, bool], Outcome], record_property: Callable[[str, object], None]
) -> None:
    wanted = undisturbed(case.where, isinstance(case.fault, PromptChanged))
    with opened(case.where, case.on_small_disk, case.as_ordinary_user) as project:
        if case.command[0] != "classify":
            project.drop(request_file())
        command = case.command
        first = project.start(command, (case.stage, case.place))
        process_id = first.reach()
        try:
            case.fault.strike(project, first, process_id)
            code = first.end()
        finally:
            case.fault.mend(project)
        told = first.last_words.replace(str(project.folder), "") if code >= 0 else ""
        record_property("seen", f"{code}: {told}")
        if case.fault.passes:
            assert code == 0, first.said
        case.fault.start_again(project, command)
        different = differences(
            wanted, project.outcome(), case.in_flight, case.also_there, case.is_repeated, case.has_failed_job
        )
        assert not different, "\n".join([*different, "", "the first time:", first.said[-2_000:]])
