"""What a check of a deployment found, and how checks are run: side by side, none raising, none waiting for another."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from batch_classifier.aws.refusals import explain
from batch_classifier.errors import ClassifierError

# Most of a check is waiting for an answer.
CHECKS_AT_ONCE = 8

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Verdict:
    """One check: `finding` is what it saw, `advice` what to do where that is not as it should be."""

    name: str
    status: Status
    finding: str
    advice: str = ""


Check = Callable[[], Verdict]


def run_checks(checks: Mapping[str, Check]) -> list[Verdict]:
    """Run all checks, in their order; what AWS or the machine refuses becomes a verdict too."""
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        return list(pool.map(_run, checks.keys(), checks.values()))


def _run(name: str, check: Check) -> Verdict:
    try:
        return check()
    except _what_may_be_refused() as error:
        said = str(error) if isinstance(error, ClassifierError) else f"{explain(error)}."
        return Verdict(name, "fail", said[:1].upper() + said[1:])
    except ImportError as error:
        return Verdict(name, "fail", f"{error}.", "Install the package with its extra: pip install '.[aws]'.")


def _what_may_be_refused() -> tuple[type[Exception], ...]:
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:  # a local deployment does without boto3
        return (ClassifierError, OSError)
    return (ClassifierError, OSError, BotoCoreError, ClientError)
