"""Sample calls to a travel agency: dialogues, mostly of 0.8 to 2.5 KB and a few of up to 5, each with its class.

Most calls open with what the customer wants. In some it comes late, after greetings and account numbers; many have
irrelevant chatter, some touch on a second subject, and some belong to no class but the fallback.
"""

from random import Random

from batch_classifier.sample_data import vocabulary
from batch_classifier.sample_data.drawing import pick, pick_some
from batch_classifier.sample_data.travel_talk import (
    ACKNOWLEDGEMENTS,
    CHATTER,
    DATA_QUESTIONS,
    GOODBYES,
    GREETINGS,
    OPEN_QUESTIONS,
    SECOND_THOUGHTS,
    SPEECHES,
)
from batch_classifier.sample_data.travel_topics import TOPICS, Topic

# The names of the two speakers and what stands between their turns: mostly one long line, as call centres export it.
_FORMS = (("User", "Agent", " "),) * 8 + (
    ("Customer", "Agent", " "),
    ("Caller", "Representative", "\n"),
    ("User", "Agent", "\n"),
)
_SECOND_SUBJECTS = tuple(SECOND_THOUGHTS.items())
_FEWER_OTHERS = TOPICS[:-1] * 3 + TOPICS[-1:]


def travel_call(random: Random) -> tuple[str, str]:
    """One call as (text, class)."""
    topic = pick(random, _FEWER_OTHERS)
    turns = [*_opening(topic, random), pick(random, topic.answers)]
    parts = 4 if random.random() < 0.03 else 1
    for _ in range(parts):
        _converse(turns, topic, random)
    turns[-1] += f" {pick(random, topic.closings)}"
    if random.random() < 0.2:
        label, thought = pick(random, _SECOND_SUBJECTS)
        if label != topic.label:
            turns += [thought, "I see. One thing after the other."]
    question, farewell = pick(random, GOODBYES)
    turns[-1] += f" {question}"
    turns.append(farewell)
    customer, agent, gap = pick(random, _FORMS)
    speakers = [customer, agent]
    if random.random() < 0.1:
        turns.insert(0, pick(random, OPEN_QUESTIONS))
        speakers.reverse()
    text = gap.join([f"{speakers[place % 2]}: {turn}" for place, turn in enumerate(turns)])
    return text.format_map(_gaps(random)), topic.label


def _converse(turns: list[str], topic: Topic, random: Random) -> None:
    """Go on with the call after an agent's turn, until the agent has spoken again."""
    asked = pick_some(random, DATA_QUESTIONS, 4)
    if random.random() < 0.4:
        asked.insert(int(random.random() * len(asked)), pick(random, CHATTER))
    for question, answer in asked:
        turns[-1] += f" {question}"
        turns += [answer, pick(random, ACKNOWLEDGEMENTS)]
    for detail in pick_some(random, topic.details, 2):
        turns[-1] += f" {pick(random, SPEECHES)}"
        turns += [detail, pick(random, topic.answers)]


def _opening(topic: Topic, random: Random) -> list[str]:
    """The turns up to and with the one in which the customer says what it is about; an odd number of them."""
    ask = pick(random, topic.asks)
    if random.random() < 0.3:
        ask = f"{ask} {pick(random, topic.details)}"
    chance = random.random()
    if chance < 0.45:
        return [ask]
    greeting = pick(random, GREETINGS)
    if chance < 0.85:
        return [f"{greeting} {ask}"]
    turns = [greeting, pick(random, OPEN_QUESTIONS)]
    if chance > 0.92:
        turns += ["{first_name} {last_name}, and the customer number is {account}.", "Thank you. And what is it about?"]
    return [*turns, ask]


def _gaps(random: Random) -> dict[str, str]:
    """What fills the gaps of one call, the same thing each time it is mentioned."""
    draw = random.random
    cities, months = vocabulary.CITIES, vocabulary.MONTHS
    city = int(draw() * len(cities))
    relative = pick(random, vocabulary.RELATIVES)
    return {
        "first_name": pick(random, vocabulary.FIRST_NAMES),
        "other_name": pick(random, vocabulary.FIRST_NAMES),
        "last_name": pick(random, vocabulary.LAST_NAMES),
        "city": cities[city],
        "other_city": cities[city - 1 - int(draw() * 9)],
        "country": pick(random, vocabulary.COUNTRIES),
        "hotel": pick(random, vocabulary.HOTELS),
        "month": months[int(draw() * 12)],
        "weekday": vocabulary.WEEKDAYS[int(draw() * 7)],
        "relative": relative,
        "Relative": f"M{relative[1:]}",
        "number": vocabulary.NUMBERS[int(draw() * 11)],
        "day": pick(random, vocabulary.DAYS),
        "amount": f"{200 + int(draw() * 4800):,}",
        "fee": str(20 + int(draw() * 180)),
        "points": f"{1000 + int(draw() * 90000):,}",
        "reference": f"{chr(65 + int(draw() * 26))}{chr(65 + int(draw() * 26))}{10000 + int(draw() * 90000)}",
        "account": str(100000 + int(draw() * 900000)),
    }
