"""What is masked and what is not, text by text, and that no pattern takes it long."""

import random
import time
from collections.abc import Callable

import pyarrow as pa
import pytest

from batch_classifier.redaction import masker as masking
from batch_classifier.redaction.kinds import KINDS
from batch_classifier.redaction.masker import TOO_SLOW, Masker
from batch_classifier.redaction.own_patterns import OwnPattern, UnfitPattern


def mask(text: str, **own: str) -> str:
    return Masker(KINDS, own).mask_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.doe+x@mail.example.co.uk, or a@b.de.", "write to [email], or [email]."),
        ("<jörg.müller@exämple.de>;иван@пример.рф", "<[email]>;[email]"),
        ("mailto:jane_doe@example.com?subject=x", "mailto:[email]?subject=x"),
        ("我的邮箱是abc@qq.com谢谢", "我的邮箱是[email]谢谢"),
        ("+49 (0)170 1234567 for 10 days", "[phone] for 10 days"),
        ("call 0049 170 1234567", "call [phone]"),
        ("555-123-4567 or (555) 123-4567", "[phone] or [phone]"),
        ("+1 415 555 2671, 1-800-555-0199", "[phone], [phone]"),
        ("call 555-0123 now", "call [phone] now"),
        ("030/1234567, Tel. 089 12345678, Tel:01701234567", "[phone], Tel. [phone], Tel:[phone]"),
        ("06 12 34 56 78 / 01.42.68.53.00", "[phone] / [phone]"),
        ("+491701234567\n+49170/1234567", "[phone]\n[phone]"),
        ("on 12.05.2024 0170 1234567", "on 12.05.2024 [phone]"),
        ("mobile: 612 34 56 78", "mobile: [phone]"),
        ("my number is 07911 123456", "my number is [phone]"),
        ("DE89 3704 0044 0532 0130 00 please", "[iban] please"),
        ("IBAN:gb82west12345698765432.", "IBAN:[iban]."),
        ("in 12 days NL91ABNA0417164300 x", "in 12 days [iban] x"),
        ("4111 1111 1111 1111 12/25 123", "[card] 12/25 123"),
        ("4111111111111111,378282246310005", "[card],[card]"),
        ("order 12 5500-0000-0000-0004", "order 12 [card]"),
        ("a@b.de+49 170 1234567", "[email][phone]"),
        ("taro.@docomo.example.jp", "[email]"),
        ("carte 4111\u202f1111\u202f1111\u202f1111 !", "carte [card] !"),
        ("4111/1111/1111/1111 and 4111_1111_1111_1111", "[card] and [card]"),
        ("the card is 4111 1111\n1111 1111 and", "the card is [card] and"),
        ("41\u00ad11111111111111 4111\u200b1111\u200b1111\u200b1111", "[card] [card]"),
        ("４１１１ １１１１ １１１１ １１１１, ٤١١١١١١١١١١١١١١١", "[card], [card]"),
        ("FR14\u202f2004\u202f1010\u202f0505\u202f0001\u202f3M02\u202f606 et", "[iban] et"),
        ("DE 89 3704 0044 0532 0130 00, IBANDE89370400440532013000", "[iban], IBAN[iban]"),
        ("DE89  3704  0044  0532  0130  00; DE89\t3704 0044\r\n0532 0130 00.", "[iban]; [iban]."),
        ("+33\u202f6\u202f12\u202f34\u202f56\u202f78 / \u202a+49 30 901820\u202c", "[phone] / \u202a[phone]\u202c"),
        ("＋49 30 901820; +49\u201230\u2012901820; +49 30\u200b901820", "[phone]; [phone]; [phone]"),
        ("+49 30 901820\u200bplease, jo@example.com\u200bplease", "[phone]\u200bplease, [email]\u200bplease"),
        ("jo＠example．com, jo@exam\u00adple.com", "[email], [email]"),
    ],
)
def test_what_is_found_is_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 0123456789",
        "Bestellnummer: 0301234567",
        "INV-0012345678 and #0123456789",
        "302-1234567-1234567",
        "tracking 00340434161094015902",
        "1234567890123456 and 4500123456",
        "12.05.2024 10:20:30, 2024-05-12T10:20:30Z, 5/12/24, 2019-2024",
        "192.168.100.200 and 10.0.0.1:8080",
        "10.000.000 EUR, 1 234 567,89 €, $12,345,678.90, 1.234.567,89",
        "ISBN 978-3-16-148410-0",
        "123e4567-e89b-12d3-a456-426614174000",
        "v1.2.3.4567 build 20240512093011",
        "flight LH1234 on seat 23A, gate 12, 30 000 miles",
        "DE89 3704 0044 0532 0130 01 is no account, its check digits are wrong",
        "4111 1111 1111 1112 is no card, nor is 9111111111111111",
        "at @example and jane@localhost",
        "room 4711, 20 x 30 x 40 cm, 99.95 and 1,500",
        "a share of 0.123456789, or 0,0301234567",
        "2 pieces at price@5.00",
        "4111\n1111\n1111\n1111",
        "naïve – 10\u202f000\u202f000\u202f€, 1\u202f234,50\u202fEUR",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert mask(text) == text


def test_few_of_many_made_up_numbers_are_taken_for_something_else() -> None:
    """Order numbers, dates, prices and addresses of computers at random: less than one in a hundred is masked."""
    chance = random.Random(11)
    makers: list[Callable[[], str]] = [
        lambda: f"order {chance.randrange(10**9, 10**10)}",
        lambda: f"{chance.randrange(10**7, 10**12)}",
        lambda: f"{chance.choice('ABCKX')}-{chance.randrange(10**5, 10**9):09}",
        lambda: f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.{chance.randrange(1990, 2030)}",
        lambda: f"{chance.randrange(1990, 2030)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        lambda: ".".join(str(chance.randrange(256)) for _ in range(4)),
        lambda: f"{chance.randrange(10**4, 10**9):,} EUR",
        lambda: f"${chance.randrange(10**3, 10**8):,}.{chance.randrange(100):02}",
        lambda: f"ticket {chance.randrange(10**6):06}-{chance.randrange(10**4):04}",
        lambda: f"{chance.randrange(10**15, 10**16)}",
    ]
    texts = [f"It is about {maker()}, please look." for maker in makers for _ in range(500)]
    masked = [text for text in texts if mask(text) != text]
    assert len(masked) < len(texts) / 100, masked[:20]


def test_valid_numbers_made_at_random_are_found() -> None:
    """One that is right by its check digit is never missed, with gaps or without, and a wrong digit is."""
    from stdnum import luhn

    chance = random.Random(5)
    for _ in range(300):
        body = "4" + "".join(chance.choice("0123456789") for _ in range(14))
        number = body + luhn.calc_check_digit(body)
        grouped = " ".join(number[at : at + 4] for at in range(0, 16, 4))
        assert mask(f"pay {number} and {grouped} now") == "pay [card] and [card] now"
        wrong = body + str((int(number[-1]) + 1) % 10)
        assert "[card]" not in mask(f"pay {wrong} now")


def test_own_patterns_come_first_and_never_look_into_masks() -> None:
    own = {"customer": r"K-\d{6}", "word": "customer|email", "account": r"DE\d{20}"}
    assert mask("K-123456 of a customer, DE89370400440532013000, me@example.com", **own) == (
        "[customer] of a [word], [account], [email]"
    )


def test_masking_again_changes_nothing() -> None:
    texts = ["K-123456 a@b.de +49 170 1234567 DE89370400440532013000 4111111111111111"]
    once = [mask(text, customer=r"K-\d{6}") for text in texts]
    assert once == ["[customer] [email] [phone] [iban] [card]"]
    assert [mask(text, customer=r"K-\d{6}") for text in once] == once


def test_only_what_is_asked_for_is_masked_and_counted() -> None:
    masker = Masker(("email",))
    masked = masker.mask(pa.array(["a@b.de or c@d.de, +49 170 1234567", None, "nothing"]))
    assert masked.texts.to_pylist() == ["[email] or [email], +49 170 1234567", None, "nothing"]
    assert masked.is_changed.to_pylist() == [True, False, False]
    assert masker.counts == {"email": 2}


def test_countries_add_their_way_of_writing() -> None:
    text = "612 34 56 78 will do"
    assert mask(text) == text
    assert Masker(("phone",), {}, ("ES",)).mask_text(text) == "[phone] will do"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(", "no regular expression"),
        (r"(?<=K)\d+", "neither look-arounds"),
        (r"(a)\1", "neither look-arounds"),
        ("x*", "where nothing stands"),
        ("(x{100}){10}y{900}z{900}", "too large"),
        ("a" * 1_001, "at most 1,000 characters"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(expression: str, reason: str) -> None:
    with pytest.raises(UnfitPattern, match=reason):
        OwnPattern(expression)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 600_000 + "!",
        "1 " * 40_000,
        "4" * 300_000,
        "a@" * 40_000,
        "de12 " * 10_000,
        "(+" * 100_000,
        "1.1.1" * 10_000,
    ],
)
def test_a_long_text_of_any_kind_takes_linear_time(text: str) -> None:
    """Twice the text takes some two times as long, and not four times; a floor keeps the clock's own grain out of it."""
    masker = Masker(KINDS, {"nested": "(a+)+b"})

    def seconds(part: str) -> float:
        began = time.thread_time()
        masker.mask_text(part)
        return time.thread_time() - began

    half, whole = seconds(text[: len(text) // 2]), seconds(text)
    assert whole < max(3.2 * half, 1.0)


def test_a_text_that_takes_too_long_is_a_problem_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 10**6, 15))
    masker = Masker(("email",), clock=lambda: float(next(moments)))
    masked = masker.mask(pa.array(["a@b.de c@d.de", None]))
    assert masked.texts.to_pylist() == [None, None]
    assert masked.problems.to_pylist() == [TOO_SLOW, None]
    assert masking.SECONDS_A_TEXT > 1
