"""What of a text is read: in a dialogue the customer's first sentences and the agent's first answer, else the beginning."""

import re
from collections.abc import Iterator
from itertools import chain

# In a dialogue what it is about is said early, and reading on adds chatter.
_SENTENCES = 10
_PLAIN_SENTENCES = 200
_WORDS = 60
# What a sentence counts in proportion to the one before; plain texts, such as notes, may come to the point late.
_DECAY = 0.8
_PLAIN_DECAY = 0.95
_AGENT_WEIGHT = 0.4
_AGENT_SENTENCES = 2

_CUSTOMERS = frozenset(
    [
        "buyer",
        "caller",
        "client",
        "customer",
        "guest",
        "member",
        "passenger",
        "patient",
        "tenant",
        "traveler",
        "traveller",
        "user",
        "visitor",
    ]
)
_AGENTS = frozenset(
    [
        "advisor",
        "adviser",
        "agent",
        "assistant",
        "associate",
        "bot",
        "chatbot",
        "clerk",
        "concierge",
        "consultant",
        "employee",
        "operator",
        "receptionist",
        "rep",
        "representative",
        "salesperson",
        "specialist",
        "staff",
        "support",
    ]
)
_SPEAKERS = _CUSTOMERS | _AGENTS
_COLON = re.compile(r":(?=\s)")
# A role, with a number or a name after it or brackets around it, just before a colon.
_SPEAKER = re.compile(r"(?:^|[\s\[(*])([^\W\d_]{3,14})(?: #?\d{1,3}| [A-Z]\w{1,14}| ?\([^()]{1,24}\))?[\])*]{0,2} ?$")
_SPEAKER_LENGTH = 48
# White space after a full stop, and a blank line: a line may end anywhere, a paragraph ends there. Each way begins with white space, and what
# stands before that is looked at afterwards, so that other characters are passed over quickly.
_SENTENCE_END = re.compile(r"\s(?:(?<=[.!?。！？]\s)\s*|(?<=\u2029)|(?:(?<=\r)\n?+|(?<=\n))[^\S\r\n]*(?:\r\n?+|\n)\s*)")
# Letters beside digits, as in a booking's reference, are no word. Long runs of letters, as in scripts without spaces, are cut.
_WORD = re.compile(r"(?<!\d)[^\W\d_]{1,40}+(?!\d)(?:['’][^\W\d_]{1,10})?")
# The same where all characters are ASCII, which takes two thirds of the time.
_ASCII_WORD = re.compile(r"[A-Za-z](?<!\d[A-Za-z])[A-Za-z]{0,39}+(?!\d)(?:'[A-Za-z]{1,10})?", re.ASCII)


def words_of(text: str) -> list[str]:
    """The words of a text, as they are written."""
    found: list[str] = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    return found


def weighted_sentences(text: str) -> Iterator[tuple[list[str], float]]:
    """The sentences that tell what a text is about, as words, each with its weight."""
    turns = _turns(text)
    limit, decay = (_SENTENCES, _DECAY) if turns else (_PLAIN_SENTENCES, _PLAIN_DECAY)
    read, answers, weight = 0, 0, 1.0
    for is_customer, turn in turns or [(True, text)]:
        if not is_customer and (answers or not read):
            continue
        for words in _sentences(turn):
            if is_customer:
                yield words, weight
                read, weight = read + 1, weight * decay
                if read == limit:
                    return
            elif answers < _AGENT_SENTENCES:
                yield words, weight * _AGENT_WEIGHT
                answers += 1
    if not read and (words := words_of(text)[:_WORDS]):
        yield words, 1.0


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text as they are written, each with the place of its first character; blank ones are left out."""
    start = 0
    for end in chain(_SENTENCE_END.finditer(text), [None]):
        sentence = text[start : end.start() if end else len(text)]
        if sentence.strip():
            yield start, sentence
        start = end.end() if end else start


def is_dialogue(text: str) -> bool:
    """Whether speakers are named in the text, as in "Customer: … Agent: …"."""
    return _turns(text) is not None


def _sentences(turn: str) -> Iterator[list[str]]:
    """The sentences of a turn as words; one that never ends comes in pieces, one of a single word says nothing."""
    for sentence in _SENTENCE_END.split(turn):
        words = words_of(sentence)
        for start in range(0, len(words), _WORDS):
            if len(piece := words[start : start + _WORDS]) > 1:
                yield piece


def _turns(text: str) -> Iterator[tuple[bool, str]] | None:
    """The turns of a dialogue, each with whether the customer speaks; None for a text that isn't one."""
    labels = _labels(text)
    first = next(labels, None)
    second = next(labels, None)
    # A single label in the midst of a text, as in "Customer: Smith Ltd", makes no dialogue.
    if first is None or (second is None and first[0] > 2):
        return None
    return _between(text, chain([first], [second] if second else [], labels))


def _labels(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where speakers are named: beginning and end of the label, and whether it is the customer's."""
    for colon in _COLON.finditer(text):
        end = colon.start()
        # Where the word is longer, it names no speaker.
        begin = max(0, end - _SPEAKER_LENGTH)
        start = max(text.rfind(" ", begin, end), text.rfind("\n", begin, end)) + 1
        speaker = text[start:end].lower()
        if speaker not in _SPEAKERS:
            label = _SPEAKER.search(text, max(0, end - _SPEAKER_LENGTH), end)
            if label is None or (speaker := label[1].lower()) not in _SPEAKERS:
                continue
            start = label.start()
        yield start, colon.end(), speaker in _CUSTOMERS


def _between(text: str, labels: Iterator[tuple[int, int, bool]]) -> Iterator[tuple[bool, str]]:
    _, begin, is_customer = next(labels)
    for start, end, is_next_customer in labels:
        yield is_customer, text[begin:start]
        begin, is_customer = end, is_next_customer
    yield is_customer, text[begin:]
