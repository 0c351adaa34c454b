"""Prompt files that are broken in ways nobody expects, or meant to do harm: each is told, in bounds, and the others load."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_classifier.errors import PromptError
from batch_classifier.prompts import bounded_rendering, rendering_process
from batch_classifier.prompts.bounded_rendering import BoundedRenderer, UnfitTemplate
from batch_classifier.prompts.loading import load_prompt, load_prompts
from batch_classifier.prompts.plain_template import is_plain
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.repository import PROMPTS, REPOSITORY

INSTRUCTIONS = prompt_content()["instructions"]
VARIABLES: dict[str, Any] = {
    "categories": [
        {"name": "Billing", "description": "money", "examples": ("I was charged twice", "a bill")},
        {"name": "Other", "description": "the rest", "examples": ()},
    ],
    "fallback": "Other",
    "answer": "tags",
    "rationale": True,
}


def text_of(**changes: Any) -> str:
    """A prompt file with these changes."""
    return yaml.safe_dump(prompt_content(**changes), sort_keys=False)


def with_line(line: str) -> str:
    """A prompt file in which a line takes the place of the one of the same key."""
    return f"{text_of(**{line.split(':', 1)[0]: None})}{line}\n"


def error_of(folder: Path) -> str:
    """What is told of the file `bad`, after checking that `good` loads all the same."""
    (folder / "good.yaml").write_text(text_of())
    loaded = load_prompts(folder)
    assert list(loaded.prompts) == ["good"]
    (error,) = loaded.errors
    assert is_one_sentence(str(error)) and error.file is not None and error.file.name == "bad.yaml"
    assert len(str(error)) < 1_500
    with pytest.raises(PromptError, match=r"bad\.yaml"):
        loaded.get("bad")
    return str(error)


def laughs(levels: int, wrap: str) -> str:
    """A list that repeats a list that repeats a list, ten times each."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} {wrap.format(', '.join([f'*a{level - 1}'] * 10))}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("description: 2020-13-45", "description: '2020-13-45'", id="a date that is none"),
        pytest.param("description: 2020-01-01T99:99:99Z", "put it in quotes", id="a time that is none"),
        pytest.param("? 2020-13-45\n: a", "line 1", id="such a date as a key"),
        pytest.param("budget_usd: " + "9" * 5_000, "budget_usd", id="a number of 5,000 digits"),
        pytest.param("description: 0x" + "f" * 5_000, "too long for a number", id="5,000 hexadecimal digits"),
        pytest.param("budget_usd: " + ":".join(["59"] * 3_000) + ".5", "budget_usd", id="3,000 sexagesimal digits"),
        pytest.param("budget_usd: 0x_", "'0x_'", id="a number without digits"),
        pytest.param("budget_usd: !!int abc", "'abc'", id="a word tagged as number"),
        pytest.param("rationale: !!bool abc", "'abc'", id="a word tagged as bool"),
        pytest.param("description: !!timestamp abc", "'abc'", id="a word tagged as date"),
        pytest.param("description: !!map x", "mapping", id="a word tagged as mapping"),
        pytest.param("!!map", "mapping", id="nothing tagged as mapping"),
        pytest.param("!!set {a, b}", "mapping", id="a set"),
        pytest.param("a: " + "[" * 5_000, "nested", id="5,000 brackets"),
        pytest.param("{a: " * 5_000, "nested", id="5,000 braces"),
        pytest.param("- " * 5_000, "nested", id="5,000 dashes"),
        pytest.param("? " * 5_000, "nested", id="5,000 question marks"),
        pytest.param("description: &a [*a]", "part of", id="a list that holds itself"),
        pytest.param("a: &a\n  <<: *a", "part of", id="a mapping merged into itself"),
        pytest.param(laughs(12, "[{}]"), "unfolds", id="laughs without end"),
        pytest.param(
            "a: &a " + "x" * 400_000 + "\nb: [" + "*a, " * 90_000 + "]",
            "unfolds",
            id="a long text repeated without end",
        ),
        pytest.param(
            "a0: &a0 {x: 1}\n"
            + "\n".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)),
            "unfolds",
            id="merges without end",
        ),
        pytest.param("\n".join(f"k{n}: 1" for n in range(10_000)), "more faults", id="10,000 unknown keys"),
        pytest.param("- a\n" * 200_000, "unfolds", id="200,000 values", marks=pytest.mark.long),
        pytest.param("description: " + "x" * 1_000_001, "larger than", id="larger than a prompt can be"),
        pytest.param('"\\e[31mred": 1', "\\x1b[31mred", id="an escape sequence as a key"),
        pytest.param('description: "\\ud800"', "description", id="half a character"),
    ],
)
@pytest.mark.timeout(60)
def test_a_file_that_pyyaml_stumbles_over_is_told_and_the_others_load(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "bad.yaml").write_text(content, encoding="utf-8")
    assert told in error_of(tmp_path)


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", id="a macro that calls itself"),
        pytest.param("{{ 'a' * 10 ** 10 }}", id="a text of 10 GB"),
        pytest.param("{% set x = 10 ** 10 %}{{ 'a' * x }}", id="a text of 10 GB, not folded when compiled"),
        pytest.param("{{ 'a' | center(10 ** 10) }}", id="a filter that makes 10 GB"),
        pytest.param("{{ '%10000000000d' | format(1) }}", id="a format of 10 GB"),
        pytest.param(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", id="loops without end"
        ),
        pytest.param("{% for a in range(99999) %}{{ fallback * 99 }}{% endfor %}", id="more text than a model reads"),
        pytest.param("{% set n = 9 ** (9 ** 9) %}", id="a power without end, in one operation"),
        pytest.param("{{ categories | map('center', 10 ** 10) | list }}", id="a filter by its name"),
        pytest.param("{{ " + "(" * 3_000 + ")" * 3_000 + " }}", id="3,000 parentheses"),
        pytest.param("{% if a %}" * 3_000, id="3,000 conditions"),
        pytest.param("{{ " + "9" * 5_000 + " }}", id="a number of 5,000 digits"),
        pytest.param("{{ fallback.__class__.__mro__ }}", id="a way out of the sandbox"),
    ],
)
@pytest.mark.timeout(60)
def test_instructions_that_would_take_all_time_or_memory_are_told_and_the_others_load(
    tmp_path: Path, template: str
) -> None:
    (tmp_path / "bad.yaml").write_text(text_of(instructions=INSTRUCTIONS + template))
    assert "instructions: the template does not render: " in error_of(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        *("budget_usd: .inf", "budget_usd: .nan", "budget_usd: -.inf", "budget_usd: 1e999", "budget_usd: 'inf'"),
        *("budget_usd: true", "max_attempts: yes", "batch_size: .inf", "batch_size: .nan", "max_invalid_share: .nan"),
        "model: {id: m, price: {input: .inf, output: 1}}",
        "model: {id: m, price: {input: 1, output: .nan}}",
        "model: {id: m, temperature: .nan}",
        "model: {id: m, max_tokens: .inf}",
    ],
)
def test_a_number_that_is_none_or_has_no_end_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.yaml").write_text(with_line(line))
    assert f"bad.yaml: {line.split(':')[0]}" in error_of(tmp_path)


@pytest.mark.timeout(30)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.yaml")
    assert "not an ordinary file" in error_of(tmp_path)


def test_a_folder_is_no_prompt(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").mkdir()
    assert "is a folder" in error_of(tmp_path)


@pytest.mark.parametrize("target", ["nowhere", "/dev/zero", "bad.yaml"])
def test_a_link_to_nothing_to_a_device_or_to_itself_is_no_prompt(tmp_path: Path, target: str) -> None:
    (tmp_path / "bad.yaml").symlink_to(target)
    error_of(tmp_path)


def test_a_link_to_a_prompt_is_one(tmp_path: Path) -> None:
    """As in a mounted configuration, where every file is a link."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "real").write_text(text_of())
    (tmp_path / "prompts" / "tickets.yaml").symlink_to(tmp_path / "real")
    assert list(load_prompts(tmp_path / "prompts").prompts) == ["tickets"]


def test_a_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "bad.yaml").open("wb") as sparse:
        sparse.truncate(100_000_000)
    tracemalloc.start()
    try:
        assert "larger than" in error_of(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    loaded = load_prompts(tmp_path)
    assert (
        not loaded.prompts and "Permission denied" in str(loaded.errors[0]) and is_one_sentence(str(loaded.errors[0]))
    )


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=300), st.text("a:-?[]{}&*!<>|'\"%@`#,0123456789.x \n", max_size=200).map(str.encode)
    )
)
def test_whatever_a_file_holds_it_loads_or_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    error_of(tmp_path)


# Rendering in a process of its own.


@pytest.fixture
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(bounded_rendering, "_outcomes", type(bounded_rendering._outcomes)())


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, _nothing_known: None) -> list[subprocess.Popen[bytes]]:
    """The processes that were started for rendering."""
    processes: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(f"{bounded_rendering.__name__}.subprocess.Popen", Noted)
    return processes


def test_the_usual_prompts_need_no_process(started: list[subprocess.Popen[bytes]]) -> None:
    for folder in (PROMPTS, REPOSITORY / "prompts"):
        assert load_prompts(folder).prompts
    assert started == []


def test_one_process_serves_all_files_that_need_it_and_ends_with_the_loading(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    for number in range(3):
        template = INSTRUCTIONS + f"{{% set n = {number} %}}{{{{ n + 1 }}}}"
        (tmp_path / f"p{number}.yaml").write_text(text_of(instructions=template))
    loaded = load_prompts(tmp_path)
    assert [prompt.system[-1] for prompt in loaded.prompts.values()] == ["1", "2", "3"]
    (process,) = started
    assert process.returncode is not None
    load_prompts(tmp_path)
    assert len(started) == 1, "what came of a template is known in this process"


def test_a_process_that_broke_down_is_followed_by_another(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    (tmp_path / "a.yaml").write_text(text_of(instructions=INSTRUCTIONS + "{% set n = 9 ** (9 ** 9) %}"))
    (tmp_path / "b.yaml").write_text(text_of(instructions=INSTRUCTIONS + "{{ 1 + 1 }}"))
    loaded = load_prompts(tmp_path)
    assert list(loaded.prompts) == ["b"] and "too long" in str(loaded.errors[0])
    assert len(started) == 2 and all(process.returncode is not None for process in started)


@pytest.mark.parametrize(
    ("template", "told"),
    [("{% set x = 10 ** 9 %}{{ 'a' * x }}", "too much memory"), ("{% set n = 9 ** (9 ** 9) %}", "too long")],
)
def test_the_limits_hold_where_the_system_itself_knows_none(
    template: str, told: str, _nothing_known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, and for memory on macOS: this process looks at the other one's memory and at the clock."""
    without = f"import sys; sys.modules['resource'] = None; from {rendering_process.__name__} import main; main()"
    real = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return real([command[0], "-c", without, *command[4:]], **options)

    monkeypatch.setattr(f"{bounded_rendering.__name__}.subprocess.Popen", start)
    with (
        BoundedRenderer(memory_bytes=200_000_000, clock_seconds=5) as renderer,
        pytest.raises(UnfitTemplate, match=told),
    ):
        renderer.render(template, VARIABLES)


def test_a_process_whose_parent_was_killed_ends_by_itself(tmp_path: Path) -> None:
    """Its input ends; one that is at work has its own clock and its limit of CPU time."""
    script = (
        "import os, signal\n"
        "from batch_classifier.prompts.bounded_rendering import BoundedRenderer\n"
        "renderer = BoundedRenderer()\n"
        "renderer.render('{{ 1 + 1 }}', {'categories': []})\n"
        "print(renderer._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=REPOSITORY, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while is_running(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(done.stdout))


def is_running(process_id: int) -> bool:
    import psutil

    return psutil.pid_exists(process_id) and psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch, _nothing_known: None) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with BoundedRenderer() as renderer, pytest.raises(UnfitTemplate, match="no process for it could be started"):
        renderer.render("{{ 1 + 1 }}", VARIABLES)


@pytest.mark.parametrize(
    "template",
    [
        *("", "Plain text", "{{ fallback }}", "{{ categories | map(attribute='name') | join(', ') }}"),
        "{% for c in categories %}{{ loop.index }}. {{ c.name | upper }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for c in categories %}{% for e in c.examples[:2] %}- {{ e | trim }}\n{% else %}none{% endfor %}{% endfor %}",
        "{% if answer == 'tags' and rationale %}<class>{% elif rationale is defined %}{}{% endif %}",
        "{{ categories[0]['name'] | default('?') }} {{ categories[0].examples }}",
    ],
)
def test_what_is_plain_is_rendered_here_and_there_alike(template: str, _nothing_known: None) -> None:
    assert is_plain(template, VARIABLES)
    with BoundedRenderer() as renderer:
        here = renderer.render(template, VARIABLES)
        assert renderer._process is None
        assert renderer._in_its_process(template, VARIABLES) == {"text": here}


@pytest.mark.parametrize(
    "template",
    [
        *("{{ range(9) }}", "{{ 1 + 1 }}", "{{ fallback ~ 'a' }}", "{{ fallback * 9 }}", "{{ fallback.upper() }}"),
        *("{% set a = 1 %}", "{% macro a() %}{% endmacro %}", "{% include 'a' %}", "{{ lipsum }}", "{{ self }}"),
        *("{{ 'a' | center(9) }}", "{{ categories | map('upper') | list }}", "{{ 'a' | indent(9) }}", "{{ nothing }}"),
        *(
            "{% for a in fallback %}{% endfor %}",
            "{% for a in [1, 2] %}{% endfor %}",
            "{% for a, b in categories %}{% endfor %}",
        ),
        "{% for c in categories recursive %}{% endfor %}",
        "{% filter upper %}{% endfilter %}",
        "{{ categories | join(*fallback) }}",
        "x" * 60_000,
        "{% for a in categories %}" * 24 + "{{ fallback }}" + "{% endfor %}" * 24,
        "{{ categories" + " | join('" + "x" * 999 + "')" * 3 + " }}",
    ],
)
def test_what_has_no_bound_that_can_be_told_is_not_plain(template: str) -> None:
    assert not is_plain(template, VARIABLES)


def test_a_prompt_that_no_loader_made_renders_itself(tmp_path: Path) -> None:
    path = tmp_path / "tickets.yaml"
    path.write_text(text_of())
    loaded = load_prompt(path)
    made = Prompt(name="tickets", **prompt_content())
    assert made.system == loaded.system and "- Billing\n" in made.system
