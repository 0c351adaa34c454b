"""Sample calls to a travel agency: dialogues mostly of 0.8 to 2.5 KB, a few of up to 8, each with the class that it belongs to.

Most calls open with what the customer wants. In some it comes late, after greetings, account numbers or chatter; some touch
on a second subject; some belong to no class but the fallback.
"""

from random import Random

from batch_classifier.sample_data import vocabulary
from batch_classifier.sample_data.travel_topics import (
    ACKNOWLEDGEMENTS,
    CHATTER,
    DATA_QUESTIONS,
    GOODBYES,
    GREETINGS,
    OPEN_QUESTIONS,
    SECOND_THOUGHTS,
    SPEECHES,
    TOPICS,
    Topic,
)

# The names of the two speakers and what stands between their turns: mostly one long line, as call centres export it.
_FORMS = (("User", "Agent", " "),) * 8 + (("Customer", "Agent", " "), ("Caller", "Representative", "\n"), ("User", "Agent", "\n"))
_SECOND_SUBJECTS = tuple(SECOND_THOUGHTS.items())
_FEWER_OTHERS = TOPICS[:-1] * 3 + TOPICS[-1:]


def travel_call(random: Random) -> tuple[str, str]:
    """One call as (text, class)."""
    topic = random.choice(_FEWER_OTHERS)
    turns = [*_opening(topic, random), random.choice(topic.answers)]
    parts = 4 if random.random() < 0.03 else 1
    for _ in range(parts):
        _converse(turns, topic, random)
    turns[-1] += f" {random.choice(topic.closings)}"
    if random.random() < 0.2:
        label, thought = random.choice(_SECOND_SUBJECTS)
        if label != topic.label:
            turns += [thought, "I see. One thing after the other."]
    question, farewell = random.choice(GOODBYES)
    turns[-1] += f" {question}"
    turns.append(farewell)
    customer, agent, gap = random.choice(_FORMS)
    speakers = [customer, agent]
    if random.random() < 0.1:
        turns.insert(0, random.choice(OPEN_QUESTIONS))
        speakers.reverse()
    text = gap.join([f"{speakers[place % 2]}: {turn}" for place, turn in enumerate(turns)])
    return text.format_map(_gaps(random)), topic.label


def _converse(turns: list[str], topic: Topic, random: Random) -> None:
    """Go on with the call after an agent's turn, until the agent has spoken again."""
    asked = random.sample(DATA_QUESTIONS, 1 + int(random.random() * 4))
    if random.random() < 0.4:
        asked.insert(int(random.random() * len(asked)), random.choice(CHATTER))
    for question, answer in asked:
        turns[-1] += f" {question}"
        turns += [answer, random.choice(ACKNOWLEDGEMENTS)]
    for detail in random.sample(topic.details, 1 + int(random.random() * 2)):
        turns[-1] += f" {random.choice(SPEECHES)}"
        turns += [detail, random.choice(topic.answers)]


def _opening(topic: Topic, random: Random) -> list[str]:
    """The turns up to and with the one in which the customer says what it is about; an odd number of them."""
    ask = random.choice(topic.asks)
    chance = random.random()
    if chance < 0.45:
        return [ask]
    greeting = random.choice(GREETINGS)
    if chance < 0.85:
        return [f"{greeting} {ask}"]
    turns = [greeting, random.choice(OPEN_QUESTIONS)]
    if chance > 0.92:
        question, answer = random.choice(DATA_QUESTIONS)
        turns += [f"Just a second, {{first_name}} {{last_name}} is my name. {answer}", "Thank you. And what is it about?"]
    return [*turns, ask]


def _gaps(random: Random) -> dict[str, str]:
    """What fills the gaps of one call, the same thing each time it is mentioned."""
    draw = random.random
    cities, months = vocabulary.CITIES, vocabulary.MONTHS
    city = int(draw() * len(cities))
    relative = random.choice(vocabulary.RELATIVES)
    return {
        "first_name": random.choice(vocabulary.FIRST_NAMES),
        "last_name": random.choice(vocabulary.LAST_NAMES),
        "city": cities[city],
        "other_city": cities[city - 1 - int(draw() * 9)],
        "country": random.choice(vocabulary.COUNTRIES),
        "hotel": random.choice(vocabulary.HOTELS),
        "month": months[int(draw() * 12)],
        "weekday": vocabulary.WEEKDAYS[int(draw() * 7)],
        "relative": relative,
        "Relative": f"M{relative[1:]}",
        "number": vocabulary.NUMBERS[int(draw() * 11)],
        "day": str(2 + int(draw() * 26)),
        "amount": f"{200 + int(draw() * 4800):,}",
        "fee": str(20 + int(draw() * 180)),
        "points": f"{1000 + int(draw() * 90000):,}",
        "reference": f"{chr(65 + int(draw() * 26))}{chr(65 + int(draw() * 26))}{10000 + int(draw() * 90000)}",
        "account": str(100000 + int(draw() * 900000)),
    }
