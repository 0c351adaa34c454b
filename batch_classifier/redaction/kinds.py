"""What can be masked without a pattern of one's own, and the version of how it is found."""

from typing import Literal, get_args

Kind = Literal["email", "phone", "iban", "card"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Part of a masking's version: raise it when more is found than before, so that what was sent before is not taken for masked.
REDACTION_FORM = 2
