"""What becomes of the words a model uses for a category."""

import time

import pytest

from batch_classifier.answers.labels import Labels, Match

NAMES = [
    "Booking Inquiry",
    "Travel Information",
    "Complaint",
    "Service Complaint",
    "Refund Issues",
    "Terms & Conditions",
    "24/7 Support",
    "Other",
]
LABELS = Labels(NAMES)
NOBODY = Match(None, "none")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_itself(name: str) -> None:
    assert LABELS.match(name) == Match(name, "exact")


@pytest.mark.parametrize(
    "words",
    [
        "refund issues",
        "REFUND ISSUES",
        " Refund Issues\n",
        "Refund  \n Issues",
        "Refund Issues.",
        '"Refund Issues"',
        "“Refund Issues”",
        "**Refund Issues**",
        "`Refund Issues`",
        "## Refund Issues",
        "- Refund Issues",
        "3. Refund Issues",
        "3.Refund Issues",
        "(3) refund issues",
        "[3] Refund Issues",
        "Category: Refund Issues",
        "class = refund issues",
        "**Category:** Refund Issues",
        "Category 3: Refund Issues",
        "Class: 2 - Refund Issues",
        "The category is Refund Issues.",
        "refund_issues",
        "refund-issues",
        "Refund/Issues",
        "RefundIssues",
        "refundIssues",
        "Ｒｅｆｕｎｄ　Ｉｓｓｕｅｓ",
        "\u200bRefund\u00a0Issues",
    ],
)
def test_only_the_spelling_differs(words: str) -> None:
    assert LABELS.match(words) == Match("Refund Issues", "spelling")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("terms and conditions", "Terms & Conditions"),
        ("Terms &amp Conditions", None),
        ("24-7 support", "24/7 Support"),
        ("OTHER", "Other"),
        ("other.", "Other"),
    ],
)
def test_signs_for_words(words: str, name: str | None) -> None:
    assert LABELS.match(words).name == name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Hotel/Flight Booking Inquiry", "Booking Inquiry"),
        ("Refund Issues (flight cancelled)", "Refund Issues"),
        ("Refund Issues, Refund Issues", "Refund Issues"),
        ("The customer asks about refund issues with a hotel in Rome", "Refund Issues"),
        ("<class>Refund Issues</class>", "Refund Issues"),
        ("a Service Complaint", "Service Complaint"),
        ("This is a complaint", "Complaint"),
        ("Hotel Complaint", "Complaint"),
        ("Complaint: late departure", "Complaint"),
        ("Other (unclear)", "Other"),
        ("Other - unclear", "Other"),
        ("unclear: other", "Other"),
    ],
)
def test_one_name_within_a_phrase(words: str, name: str) -> None:
    assert LABELS.match(words) == Match(name, "phrase")


@pytest.mark.parametrize(
    "words",
    [
        "Travel Information Complaint",
        "Complaint or Refund Issues",
        "Refund Issues / Booking Inquiry",
        "Service Complaint and Complaint",
        "Refund Issues and other things",
    ],
)
def test_words_that_hold_two_names_are_nobodys(words: str) -> None:
    assert LABELS.match(words) == NOBODY


def test_names_that_overlap_are_two_names() -> None:
    assert Labels(["Hotel Booking", "Booking Inquiry"]).match("Hotel Booking Inquiry") == NOBODY


@pytest.mark.parametrize(
    "words",
    [
        "Not a Complaint",
        "no refund issues",
        "anything but Complaint",
        "This isn't Refund Issues",
        "This isn’t a Complaint",
        "non-complaint",
        "None of Refund Issues",
        "Refund Issues does not fit",
        "keine Refund Issues",
        "не Complaint",
    ],
)
def test_a_denied_name_is_nobodys(words: str) -> None:
    assert LABELS.match(words) == NOBODY


def test_a_name_may_hold_a_denial_itself() -> None:
    labels = Labels(["No Answer", "Answer"])
    assert labels.match("Customer: no answer").name == "No Answer"
    assert labels.match("not No Answer") == NOBODY


@pytest.mark.parametrize(
    "words",
    [
        "Other than that, unclear",
        "some other thing",
        "each other",
        "Other people",
        "on the other hand",
        "the customer made one complaint about many things",
        "hotel complaint",
        "Complaints",
        "Refund",
        "Refund Issue",
        "Prerefund Issues",
        "I cannot help with that",
    ],
)
def test_plain_prose_and_half_names_are_nobodys(words: str) -> None:
    assert LABELS.match(words) == NOBODY


@pytest.mark.parametrize("words", [None, "", "   ", "\n", "*", "…", "\0", "\ud800"])
def test_no_words(words: str | None) -> None:
    assert LABELS.match(words) == NOBODY


@pytest.mark.parametrize(
    ("names", "words", "name"),
    [
        (["Отмена", "Возврат"], "ОТМЕНА.", "Отмена"),
        (["Отмена рейса", "Возврат"], "это отмена рейса", "Отмена рейса"),
        (["返金", "予約"], "「返金」", "返金"),
        (["返金", "予約"], "分類：返金", "返金"),
        (["شكوى", "استفسار"], "«شكوى»", "شكوى"),
        (["Réclamation", "Autre"], "RÉCLAMATION", "Réclamation"),
        (["Réclamation", "Autre"], "Re\u0301clamation", "Réclamation"),
        (["Straße", "Weg"], "STRASSE", "Straße"),
        (["İptal", "Diğer"], "iptal", "İptal"),
        (["हिंदी सेवा"], "हिंदा सेवा", None),
        (["हिंदी सेवा"], "**हिंदी  सेवा**", "हिंदी सेवा"),
    ],
)
def test_names_in_any_script(names: list[str], words: str, name: str | None) -> None:
    assert Labels(names).match(words).name == name


@pytest.mark.parametrize(
    ("names", "words", "name"),
    [
        (["A", "A-", "A+"], "a-", "A-"),
        (["A", "A-", "A+"], "'A+'", "A+"),
        (["A", "B"], "A-", None),
        (["C", "C++", "C#"], "c++", "C++"),
        (["C", "C++", "C#"], "**C#**", "C#"),
        ([">50 days", "Other"], "<50 days", None),
        (["1.5", "Other"], "15", None),
        (["-1", "0", "1"], "**-1**", "-1"),
        (["1", "2", "3"], "2.", "2"),
        (["1. Billing", "2. Refunds"], "Billing", "1. Billing"),
        (["1. Billing", "2. Refunds"], "2. Billing", None),
        (["Refund", "REFUND"], "refund", None),
        (["Refund", "REFUND"], "REFUND", "REFUND"),
        (["👍", "👎"], " 👍 ", "👍"),
    ],
)
def test_signs_and_numbers_that_tell_names_apart(names: list[str], words: str, name: str | None) -> None:
    assert Labels(names).match(words).name == name


@pytest.mark.parametrize("piece", ["Refund Issues ", "x", " ", "<", "1", "not ", "(", "\u0301", "Category: "])
def test_a_megabyte_of_words_takes_no_time(piece: str) -> None:
    """Hostile answers must neither stop a run nor slow it down."""
    started = time.process_time()
    assert LABELS.match(piece * (1_000_000 // len(piece))) == NOBODY
    LABELS.match(piece * (1_000 // len(piece)))
    assert time.process_time() - started < 0.5
