"""Sample notes on lost deals, 0.2 to 1.5 KB, each with the reason that it belongs to.

The reason stands first, in the middle or last; some notes also tell of objections that were settled.
"""

from random import Random

from batch_classifier.sample_data import vocabulary
from batch_classifier.sample_data.deal_topics import BEGINNINGS, ENDINGS, EVENTS, REASONS, SETTLED

_REASONS = tuple(REASONS.items())
_SETTLED = tuple(SETTLED.items())


def deal_note(random: Random) -> tuple[str, str]:
    """One note as (text, reason)."""
    label, phrases = random.choice(_REASONS)
    story = [random.choice(BEGINNINGS)]
    story += random.sample(EVENTS, 1 + int(random.random() * 5))
    if random.random() < 0.15:
        settled, phrase = random.choice(_SETTLED)
        if settled != label:
            story.insert(1 + int(random.random() * len(story)), phrase)
    reason = random.choice(phrases)
    if random.random() < 0.5:
        other = random.choice(phrases)
        reason = reason if other == reason else f"{reason} {other}"
    chance = random.random()
    if chance < 0.3:
        story.insert(0, f"Lost. {reason}")
    elif chance < 0.5:
        story.insert(len(story) // 2, reason)
    else:
        story.append(reason)
    story.append(random.choice(ENDINGS))
    gap = "\n- " if random.random() < 0.15 else " "
    return gap.join(story).format_map(_gaps(random)), label


def _gaps(random: Random) -> dict[str, str]:
    draw = random.random
    return {
        "company": random.choice(vocabulary.COMPANIES),
        "contact": f"{random.choice(vocabulary.FIRST_NAMES)} {random.choice(vocabulary.LAST_NAMES)}",
        "role": random.choice(vocabulary.ROLES),
        "rival": random.choice(vocabulary.RIVALS),
        "system": random.choice(vocabulary.SYSTEMS),
        "city": random.choice(vocabulary.CITIES),
        "month": random.choice(vocabulary.MONTHS),
        "number": vocabulary.NUMBERS[int(draw() * 11)],
        "day": str(2 + int(draw() * 26)),
        "percent": str(5 * (2 + int(draw() * 8))),
        "seats": str(10 + int(draw() * 490)),
        "amount": f"{5 + int(draw() * 90)},000 dollars",
    }
