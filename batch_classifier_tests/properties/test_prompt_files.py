"""Whatever stands in a prompt file, it is a prompt or an error of that file, in bounded time."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_classifier_tests.fuzz.targets import check_prompt_file
from batch_classifier_tests.properties.texts import SHORT_TEXTS, TEXTS
from batch_classifier_tests.support.prompt_content import prompt_content

CONTENT = prompt_content()
_NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**400, 1e-320, 2**53, 100, 99, 50_001]))
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    TEXTS,
    SHORT_TEXTS,
    st.dates(),
    st.datetimes(),
    st.binary(max_size=8),
    st.just("Other"),
)
_KEYS = st.one_of(
    st.sampled_from(
        [
            *CONTENT,
            "name",
            "examples",
            "text",
            "id",
            "label",
            "price",
            "input",
            "output",
            "family",
            "max_tokens",
            "results",
        ]
    ),
    SHORT_TEXTS,
    st.integers(),
    st.dates(),
    st.none(),
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)
_TEMPLATES = st.lists(
    st.sampled_from(
        [
            *(
                "{{",
                "}}",
                "{%",
                "%}",
                "{#",
                "#}",
                "{{ categories }}",
                "{% for category in categories %}",
                "{% endfor %}",
                "{% if",
                "else",
            ),
            *(
                "{{ category.name }}",
                "categories",
                "fallback",
                "|",
                "join",
                "('')",
                "[0]",
                ".examples",
                "~",
                "+",
                "*",
                "1",
                "'a'",
                "loop",
                " ",
            ),
            *(
                "{% set x = 1 %}",
                "{% macro a() %}",
                "{% endmacro %}",
                "{% raw %}",
                "{% include 'a' %}",
                "{% extends 'a' %}",
                "__class__",
            ),
            *(
                "{{ range(9) | list }}",
                "{{ self }}",
                "{{ caller() }}",
                "{% filter upper %}",
                "{{ cycler }}",
                "{{ namespace() }}",
                "\n",
            ),
        ]
    ),
    max_size=12,
).map(" ".join)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6), st.sets(st.sampled_from(sorted(CONTENT)), max_size=2))
def test_a_prompt_with_any_values_in_place_of_its_own_loads_or_is_told(
    changes: dict[Any, Any], missing: set[str]
) -> None:
    content = {key: value for key, value in {**CONTENT, **changes}.items() if key not in missing}
    check_prompt_file(
        yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode("utf-8", "replace"), "prompt.yaml"
    )


@given(
    st.lists(st.tuples(SHORT_TEXTS, SHORT_TEXTS, st.lists(TEXTS, max_size=2)), min_size=1, max_size=5),
    st.sampled_from(["tags", "json"]),
)
def test_categories_of_any_name_load_or_are_told(categories: list[tuple[str, str, list[str]]], answer: str) -> None:
    content = {
        **CONTENT,
        "categories": [
            {"name": name, "description": told, "examples": examples} for name, told, examples in categories
        ],
        "fallback": categories[0][0],
        "answer": answer,
    }
    # As JSON, which is YAML as well.
    check_prompt_file(json.dumps(content).encode(), "prompt.yaml")


@given(_TEMPLATES)
@settings(max_examples=60)
@pytest.mark.timeout(300)
def test_any_template_renders_or_is_told(template: str) -> None:
    content = {**CONTENT, "instructions": CONTENT["instructions"] + template}
    check_prompt_file(yaml.safe_dump(content).encode(), "prompt.yaml")
