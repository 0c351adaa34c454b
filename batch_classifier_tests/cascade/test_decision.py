"""What the local model of the cascade learns from."""

from batch_classifier.cascade.decision import trained
from batch_classifier.cascade.known_answers import KnownText
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.training_texts import Origin, TrainingText
from batch_classifier_tests.support.prompt_content import PROMPT, prompt_content

TEXTS = {
    f"{number:032x}": f"I was {'charged twice' if number % 2 else 'flown to'} number {number}" for number in range(30)
}


def test_the_models_answer_goes_before_what_people_say_of_the_same_text() -> None:
    prompt = Prompt(name=PROMPT, **prompt_content())
    known = [KnownText(text_id, "Billing" if int(text_id, 16) % 2 else "Travel", True) for text_id in TEXTS]
    people = [
        TrainingText(f"{0:032x}", TEXTS[f"{0:032x}"], "Other", Origin.LABEL),
        TrainingText(f"{50:032x}", "It is broken", "Other", Origin.CORRECTION),
        TrainingText(f"{51:032x}", "It is lost", "Other", Origin.MODEL_ANSWER),
    ]
    model = trained(prompt, known, TEXTS, people)
    assert dict(model.trained_on.by_origin) == {"correction": 1, "model_answer": 30}
    assert dict(model.trained_on.by_class) == {"Billing": 15, "Travel": 15, "Other": 1}


def test_an_answer_that_is_no_category_teaches_nothing() -> None:
    prompt = Prompt(name=PROMPT, **prompt_content())
    known = [KnownText(text_id, "Billing" if int(text_id, 16) % 2 else "Travel", True) for text_id in TEXTS]
    unfit = KnownText(f"{70:032x}", "", True)
    assert trained(prompt, [*known, unfit], {**TEXTS, unfit.text_id: "Hm"}, ()).trained_on.texts == 30
