"""Sample notes on lost deals, 0.2 to 1.2 KB, each with the reason that it belongs to.

The reason stands first, in the middle or last; some notes also tell of objections that were settled.
"""

from random import Random

from batch_classifier.sample_data import vocabulary
from batch_classifier.sample_data.deal_topics import BEGINNINGS, ENDINGS, EVENTS, REASONS, SETTLED
from batch_classifier.sample_data.drawing import pick, pick_some

_REASONS = tuple(REASONS.items())
_SETTLED = tuple(SETTLED.items())


def deal_note(random: Random) -> tuple[str, str]:
    """One note as (text, reason)."""
    label, phrases = pick(random, _REASONS)
    story = [pick(random, BEGINNINGS)]
    story += pick_some(random, EVENTS, 12 if random.random() < 0.3 else 5)
    if random.random() < 0.15:
        settled, phrase = pick(random, _SETTLED)
        if settled != label:
            story.insert(1 + int(random.random() * len(story)), phrase)
    reason = pick(random, phrases)
    if random.random() < 0.5:
        other = pick(random, phrases)
        reason = reason if other == reason else f"{reason} {other}"
    chance = random.random()
    if chance < 0.3:
        story.insert(0, f"Lost. {reason}")
    elif chance < 0.5:
        story.insert(len(story) // 2, reason)
    else:
        story.append(reason)
    story.append(pick(random, ENDINGS))
    gap = "\n- " if random.random() < 0.15 else " "
    return gap.join(story).format_map(_gaps(random)), label


def _gaps(random: Random) -> dict[str, str]:
    draw = random.random
    number = pick(random, vocabulary.NUMBERS)
    return {
        "company": pick(random, vocabulary.COMPANIES),
        "contact": f"{pick(random, vocabulary.FIRST_NAMES)} {pick(random, vocabulary.LAST_NAMES)}",
        "role": pick(random, vocabulary.ROLES),
        "rival": pick(random, vocabulary.RIVALS),
        "system": pick(random, vocabulary.SYSTEMS),
        "city": pick(random, vocabulary.CITIES),
        "month": pick(random, vocabulary.MONTHS),
        "number": number,
        "Number": number.capitalize(),
        "day": pick(random, vocabulary.DAYS),
        "percent": str(5 * (2 + int(draw() * 8))),
        "seats": str(10 + int(draw() * 490)),
        "amount": f"{5 + int(draw() * 90)},000 dollars",
    }
