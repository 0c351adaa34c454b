"""When two texts are the same: all but surrounding white space, or all but white space, letter case and Unicode form."""

from typing import Literal

# Apart from where ids are made: prompts name it, and need no Arrow.
SameText = Literal["exact", "normalised"]
