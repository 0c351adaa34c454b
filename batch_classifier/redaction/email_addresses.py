"""E-mail addresses as people write them: without quotes and comments, in letters of Latin, Greek and Cyrillic scripts.

Other scripts have no space between an address and the words around it, which would be masked with it; there, only
addresses in Latin letters are found.
"""

import re
from collections.abc import Iterator

from batch_classifier.redaction.spans import Span

# Latin with its accents, Greek, Cyrillic.
_LETTER = r"A-Za-z0-9\u00c0-\u024f\u0370-\u052f"
_NAME = re.compile(rf"[{_LETTER}_](?:[{_LETTER}.%_+&'-]*[{_LETTER}._+-])?\Z")
_HOST = re.compile(rf"(?:[{_LETTER}][{_LETTER}-]*\.)+[{_LETTER}-]*[{_LETTER}]{{2}}")
# RFC 5321 allows 64 and 255; each part is looked for in no more than this, so that a long text takes no longer for its length.
_LONGEST_NAME, _LONGEST_HOST = 128, 256


def find_email_addresses(text: str) -> Iterator[Span]:
    """The e-mail addresses in a text."""
    done = 0
    at = text.find("@")
    while at >= 0:
        first = max(done, at - _LONGEST_NAME)
        name = _NAME.search(text[first:at])
        host = name and _HOST.match(text[at + 1 : at + 1 + _LONGEST_HOST])
        # 2 pieces @5.00 is a price; at an address of a computer there may be a mailbox.
        if name and host and (host[0].count(".") == 3 or not host[0].rpartition(".")[2].isdigit()):
            done = at + 1 + host.end()
            yield first + name.start(), done
        at = text.find("@", max(at + 1, done))
