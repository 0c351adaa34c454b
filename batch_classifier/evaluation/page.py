"""An evaluation as one page: it loads nothing from anywhere, runs nothing, and shows texts as texts, whatever they hold."""

from functools import lru_cache
from typing import TYPE_CHECKING

from batch_classifier.evaluation.evaluation import NO_CLASS, Evaluation

if TYPE_CHECKING:
    from jinja2 import Template

# The policy forbids scripts, images and addresses, should anything ever get past the escaping.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evaluation on {{ evaluation.file }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { border-bottom: 1px solid #d8dde5; padding: .3rem .7rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.right { background: #dff3e4; } td.wrong { background: #fbe3dd; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 18rem; }
.verdict { border-left: 4px solid #7a8aa0; padding: .4rem .8rem; background: #f3f5f8; }
.better { border-color: #2e8b57; } .worse, .failed { border-color: #c0492f; }
</style>
</head>
<body>
<h1>Evaluation on {{ evaluation.file }}</h1>
<p>{{ "{:,}".format(evaluation.texts) }} labelled texts.</p>
{% if evaluation.notes %}<ul>{% for note in evaluation.notes %}<li>{{ note }}</li>{% endfor %}</ul>{% endif %}
<div class="scroll"><table>
<tr><th></th>{% for one in evaluation.measurements %}<th class="number">{{ one.title }}</th>{% endfor %}</tr>
{% for name, values in summary %}
<tr><th>{{ name }}</th>{% for value in values %}<td class="number">{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% for verdict in evaluation.verdicts %}<p class="verdict {{ verdict.outcome }}">{{ verdict.sentence }}</p>{% endfor %}
{% for failed in evaluation.failed %}<p class="verdict failed">{{ failed.title }}: {{ failed.reason }}</p>{% endfor %}
{% for one in evaluation.measurements %}
<h2>{{ one.title }}</h2>
<p>Prompt {{ one.prompt }}, version {{ one.prompt_version }}, model {{ one.model_id }}, inference {{ one.engine }}.</p>
<h3>By category</h3>
<div class="scroll"><table>
<tr><th>category</th><th class="number">expected</th><th class="number">given</th><th class="number">precision</th>
<th class="number">recall</th><th class="number">F1</th></tr>
{% for score in one.scores.categories %}
<tr><td>{{ score.category }}</td><td class="number">{{ score.expected }}</td><td class="number">{{ score.given }}</td>
<td class="number">{{ share(score.precision) }}</td><td class="number">{{ share(score.recall) }}</td>
<td class="number">{{ share(score.f1) }}</td></tr>
{% endfor %}
</table></div>
<h3>Confusion: rows are the expected classes, columns those that were given</h3>
<div class="scroll"><table>
{% for row in one.scores.confusion %}
{% if loop.first %}<tr><th></th>{% for name in row.given %}<th class="number">{{ name or no_class }}</th>{% endfor %}</tr>{% endif %}
<tr><th>{{ row.expected }}</th>
{% for name, texts in row.given.items() %}
<td class="number{% if texts %}{{ ' right' if name == row.expected else ' wrong' }}{% endif %}">{{ texts or "" }}</td>
{% endfor %}</tr>
{% endfor %}
</table></div>
{% endfor %}
{% if evaluation.mistakes %}
<h2>Mistakes</h2>
<p>{{ evaluation.mistakes | length }} of {{ "{:,}".format(evaluation.mistakes_in_all) }} texts that are not right everywhere.</p>
<div class="scroll"><table>
<tr><th class="number">row</th><th>record</th><th>text</th><th>expected</th>
{% for one in evaluation.measurements %}<th>{{ one.title }}</th>{% endfor %}</tr>
{% for mistake in evaluation.mistakes %}
<tr><td class="number">{{ mistake.row_number }}</td><td>{{ mistake.record_id }}</td><td class="text">{{ mistake.text }}</td>
<td>{{ mistake.expected }}</td>
{% for name in mistake.given %}<td>{{ name or no_class }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
</body>
</html>
"""


def page_of(evaluation: Evaluation) -> str:
    """The page's HTML."""
    return _template().render(
        evaluation=evaluation, summary=summary_rows(evaluation), share=shown_share, no_class=NO_CLASS
    )


def summary_rows(evaluation: Evaluation) -> list[tuple[str, list[str]]]:
    """What is shown of the variants side by side: the name of each measure, and its value for each of them."""
    measured = evaluation.measurements
    scores, usages = [one.scores for one in measured], [one.usage for one in measured]
    return [
        ("accuracy", [f"{one.accuracy:.1%}" for one in scores]),
        ("95% interval", [f"{one.interval.low:.1%} to {one.interval.high:.1%}" for one in scores]),
        ("right", [f"{one.right:,} of {one.texts:,}" for one in scores]),
        ("macro-F1", [f"{one.macro_f1:.3f}" for one in scores]),
        ("cost per 1,000 texts", [_usd(one.cost_usd) for one in usages]),
        ("tokens read per 1,000", ["?" if one.tokens is None else f"{one.tokens.read:,.0f}" for one in usages]),
        ("tokens written per 1,000", ["?" if one.tokens is None else f"{one.tokens.written:,.0f}" for one in usages]),
        ("seconds", [f"{one.seconds:,.1f}" for one in usages]),
        ("texts asked, answered before", [f"{one.asked:,}, {one.reused:,}" for one in usages]),
        ("spent on this run", [_usd(one.spent_usd) for one in usages]),
    ]


def shown_share(share: float | None) -> str:
    """A share with three decimals, as F1 and its like are told; a dash where there is none."""
    return "–" if share is None else f"{share:.3f}"


def _usd(cost: float | None) -> str:
    return "?" if cost is None else f"{cost:,.4f} USD"


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_PAGE)
