"""Telephone numbers, told from the order numbers, dates, addresses and prices that are made of digits too.

What a number may be is in libphonenumber's tables (the package phonenumbers). A run of digits is looked at as one when it is written
as people write telephone numbers: with a country's code (+49 …), an area code in parentheses, the groups of North America, a leading
zero, or after a word such as "phone" or "Tel.".
"""

import re
from collections.abc import Iterator, Sequence, Set
from functools import partial

import phonenumbers

from batch_classifier.redaction.digit_groups import Group, follows_word, goes_on, groups_of
from batch_classifier.redaction.not_phone_numbers import other_numbers
from batch_classifier.redaction.spans import Finder, Span, without

# Where a number without its country's code is looked for, unless the prompt names countries: large ones, of all plans of numbering
# with a leading zero, and North America.
USUAL_COUNTRIES = ("US", "GB", "DE", "FR", "IT", "NL", "AT", "CH", "IN", "AU", "JP", "BR", "ZA", "TR")

_RUN = re.compile(r"[+(]{0,2}[0-9](?:[ \u00a0\u2009\u2011()./\u2013-]{0,3}[0-9]){5,24}")
_ENOUGH_DIGITS = re.compile(r"[0-9](?:[^\w]{0,3}[0-9]){5}")
_MOST_DIGITS = 17
_MOST_GROUPS = 8
_NORTH_AMERICA = re.compile(r"(?:1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}")
_AREA_IN_PARENTHESES = re.compile(r"\(0?[0-9]{1,5}\)[ /-]{0,2}[0-9]{2,}.*")
_CONTEXT = 32
_WORD = re.compile(
    r"(?i)(?<![^\W\d_])(?:"
    r"(?P<phone>tel(?:efon|ephone|\.?-?nr|nr|éfono|efone|efono)?|phone|mobile?|cell|cellphone|fax|whatsapp|handy(?:nummer)?|mobil(?:nummer|funk)?|"
    r"(?:ruf|telefon)nummer|call|ring|dial|sms|ruf|anruf|anrufen|rückruf|durchwahl|erreichbar|téléphone|portable|appele[rz]|móvil|llamar?|cellulare|gsm)"
    r"|(?P<other>order|invoice|customer|account|reference|ref|id|ticket|booking|case|contract|tracking|parcel|policy|serial|sku|article|item|part|po|"
    r"model|version|batch|iban|bic|vat|tax|isbn|ean|zip|plz|"
    r"bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|konto\w*|vertrag\w*|buchung\w*|sendung\w*|artikel\w*|vorgang\w*|serien\w*|"
    r"steuer\w*|commande|facture|pedido|factura|ordine|fattura)"
    r")(?![^\W\d_])"
)


def known_countries() -> Set[str]:
    """The countries whose telephone numbers are known, as two letters."""
    return phonenumbers.SUPPORTED_REGIONS


def phone_number_finder(countries: Sequence[str] = ()) -> Finder:
    """Finds telephone numbers; those without a country's code as these countries (ISO 3166, two letters) write them."""
    return partial(_find, tuple(countries) or USUAL_COUNTRIES, bool(countries))


def _find(countries: Sequence[str], are_chosen: bool, text: str) -> Iterator[Span]:
    if _ENOUGH_DIGITS.search(text) is None:
        return
    text = without(text, list(other_numbers(text)))
    for run in _RUN.finditer(text):
        groups = groups_of(text, run.start(), run.end())
        first = 0
        while first < len(groups):
            last = _end_of_number(text, groups, first, countries, are_chosen)
            if last is None:
                first += 1
            else:
                yield _opening(text, groups[first].start), groups[last].end
                first = last + 1


def _opening(text: str, start: int) -> int:
    """Where a number begins, with its plus sign and parenthesis."""
    while start > 0 and text[start - 1] in "+(":
        start -= 1
    return start


def _end_of_number(
    text: str, groups: list[Group], first: int, countries: Sequence[str], are_chosen: bool
) -> int | None:
    """The last group of the telephone number that begins with a group, or None."""
    start = _opening(text, groups[first].start)
    if follows_word(text, start) or (first > 0 and _belong_together(text, groups[first - 1], groups[first])):
        return None
    possible = None
    digits = 0
    ends = []
    for place in range(first, min(first + _MOST_GROUPS, len(groups))):
        digits += len(groups[place].digits)
        if digits > _MOST_DIGITS:
            break
        is_last = place + 1 == len(groups) or _has_space(text[groups[place].end : groups[place + 1].start])
        if is_last and digits >= 6 and not goes_on(text, groups[place].end):
            ends.append(place)
    word = _word_before(text, start) if ends else None
    for place in reversed(ends):
        number = text[start : groups[place].end]
        verdict = _judge(number, word, countries, are_chosen)
        if verdict == "valid":
            return place
        if verdict == "possible" and possible is None:
            possible = place
    return possible


def _belong_together(text: str, one: Group, other: Group) -> bool:
    """Whether a group is no beginning: joined to the one before it, or one of several of four digits, as accounts are written."""
    return not _has_space(text[one.end : other.start]) or len(one.digits) == len(other.digits) == 4


def _has_space(between: str) -> bool:
    return any(character.isspace() for character in between)


def _word_before(text: str, start: int) -> str | None:
    """`phone` or `other`, after the last word before a number that says what it is; None without such a word."""
    before = text[max(0, start - _CONTEXT) : start]
    word = None
    # Most often these are digits and spaces only.
    if before.isascii() and before.upper() == before.lower():
        return None
    for found in _WORD.finditer(before):
        word = found.lastgroup
    return word


def _judge(number: str, word: str | None, countries: Sequence[str], are_chosen: bool) -> str | None:
    """`valid`, `possible` where only its form speaks for it, or None for what is no telephone number."""
    digits = "".join(filter(str.isdigit, number))
    if number.lstrip("(").startswith("+"):
        return _international(f"+{number.lstrip('(+')}")
    if digits.startswith("00") and len(digits) >= 10:
        return _international(f"+{digits[2:]}")
    if word == "other":
        return None
    if _NORTH_AMERICA.fullmatch(number) or (_AREA_IN_PARENTHESES.fullmatch(number) and 7 <= len(digits) <= 13):
        return "valid"
    if word == "phone":
        return "valid" if _is_valid(number, countries) else "possible" if len(digits) <= 13 else None
    has_form = (digits.startswith("0") and 9 <= len(digits) <= 13) or (are_chosen and not number.isdigit())
    return "valid" if has_form and _is_valid(number, countries) else None


def _international(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(parsed):
        return "valid"
    return "possible" if phonenumbers.is_possible_number(parsed) else None


def _is_valid(number: str, countries: Sequence[str]) -> bool:
    for country in countries:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, country)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
