"""What a terminal is shown: lines in which a foreign name can neither move the cursor nor change the colours."""

import sys

from batch_classifier.wording import fit_line


def say(*lines: str, is_error: bool = False) -> None:
    """Print lines, each fit for a terminal; on standard error where they tell of one."""
    for line in lines:
        print(fit_line(line), file=sys.stderr if is_error else sys.stdout)
