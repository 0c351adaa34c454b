"""A report as one page to send: it loads nothing from anywhere, runs nothing, is light or dark as its reader likes, and prints well."""

import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from batch_classifier.evaluation.intervals import Interval, wilson
from batch_classifier.insights.report_chart import HEIGHT, WIDTH, trend_of
from batch_classifier.insights.report_figures import ReportFigures

if TYPE_CHECKING:
    from jinja2 import Template

_SOURCES = {
    "model": "asked of the model",
    "local_model": "answered by the local model",
    "earlier_answer": "answered for an earlier file",
    "duplicate": "the same text as another row",
    None: "not known",
}
# The policy forbids scripts, images and addresses, should anything ever get past the escaping.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ figures.prompt.name }}: report of {{ written.date() }}</title>
<style>
:root { --page: #fff; --text: #1c2430; --soft: #5b6677; --line: #d8dde5; --bar: #2563eb; --more: #0a7a4b; --less: #b3361e;
  --c0: #2563eb; --c1: #c77700; --c2: #00855f; --c3: #b14f8f; --c4: #1f8ac0; --c5: #c2410c; --c6: #7a8699; }
@media (prefers-color-scheme: dark) { :root { --page: #14181f; --text: #e6eaf0; --soft: #9aa6b6; --line: #333c49; --bar: #6b9bff;
  --more: #4cc38a; --less: #ff8f77; --c0: #6b9bff; --c1: #f0a93b; --c2: #35c79a; --c3: #e08cc3; --c4: #6cc4ef; --c5: #ff9160; --c6: #9aa6b6; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--text);
  background: var(--page); }
h1 { font-size: 1.6rem; margin-bottom: .2rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: .8rem 2.4rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.figures strong { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; } thead th { color: var(--soft); font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 30%; min-width: 6rem; vertical-align: middle; }
.bar svg { display: block; width: 100%; height: .8rem; } .bar rect { fill: var(--bar); }
/* On a telephone names keep their words whole; what is too wide then is scrolled. */
@media screen and (max-width: 40rem) { th, td { padding-inline: .25rem; font-size: .85rem; } .bar { width: auto; min-width: 2.5rem; }
  th:first-child, td:first-child { min-width: 7rem; } }
.more { color: var(--more); } .less { color: var(--less); }
figure { margin: 0; } figure svg { width: 100%; height: auto; overflow: visible; }
.axis { stroke: var(--line); } .trend text { fill: var(--soft); font-size: 12px; }
.trend polyline { fill: none; stroke-width: 2; }
{% for place in range(7) %}.c{{ place }} { stroke: var(--c{{ place }}); } i.c{{ place }} { background: var(--c{{ place }}); }
{% endfor %}
ul.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; list-style: none; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem; }
@media print { :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --bar: #2563eb; --more: #0a7a4b; --less: #b3361e;
  --c0: #2563eb; --c1: #c77700; --c2: #00855f; --c3: #b14f8f; --c4: #1f8ac0; --c5: #c2410c; --c6: #7a8699; }
  body { margin: 0; max-width: none; font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, figure, .figures { break-inside: avoid; } h2 { break-after: avoid; } thead { display: table-header-group; } }
</style>
</head>
<body>
<h1>{{ figures.prompt.description or figures.prompt.name }}</h1>
<p class="soft">Prompt {{ figures.prompt.name }}, {{ period }}; written on {{ written.strftime("%Y-%m-%d at %H:%M") }}.</p>
<ul class="figures">
<li><strong>{{ "{:,}".format(overview.requests) }}</strong>requests{% if overview.requests_before is not none %}<br>
<span class="soft">{{ "{:,}".format(overview.requests_before) }} in the period before</span>{% endif %}</li>
<li><strong>{{ "{:,}".format(figures.files) }}</strong>request file{{ "" if figures.files == 1 else "s" }}</li>
<li><strong>{{ "{:,}".format(overview.without_class) }}</strong>without a class</li>
{% if overview.corrected %}<li><strong>{{ "{:,}".format(overview.corrected) }}</strong>corrected by people</li>{% endif %}
{% if accuracy %}<li><strong>{{ "{:.1%}".format(accuracy.accuracy) }}</strong>as labelled<br>
<span class="soft">{{ "{:,}".format(accuracy.correct) }} of {{ "{:,}".format(accuracy.labelled) }}</span></li>{% endif %}
<li><strong>{{ "{:,.2f}".format(figures.cost_usd) }}</strong>USD</li>
</ul>
{% if figures.undated and figures.selection.since is none %}
<p class="soft">{{ "{:,}".format(figures.undated) }} requests are of no known day and not in the trend.</p>{% endif %}
<h2>Classes</h2>
{% if overview.classes %}
<div class="scroll"><table>
<thead><tr><th>class</th><th class="bar"></th><th class="number">requests</th><th class="number">share</th>
{% if has_before %}<th class="number">change of the share</th><th class="number">requests before</th>{% endif %}</tr></thead>
<tbody>
{% for one in overview.classes %}
<tr><td>{{ one.class_name or no_class }}</td>
<td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{{ "{:.1%}".format(one.share) }}">
<rect width="{{ "{:.2f}".format(one.share / widest * 100) }}" height="10" rx="1"></rect></svg></td>
<td class="number">{{ "{:,}".format(one.requests) }}</td><td class="number">{{ "{:.1%}".format(one.share) }}</td>
{% if has_before %}
<td class="number {{ "" if not one.change else "more" if one.change > 0 else "less" }}">
{{- "–" if one.change is none else "{:+.1f} points".format(one.change * 100) }}</td>
<td class="number">{{ "{:,}".format(one.before or 0) }}</td>{% endif %}</tr>
{% endfor %}
</tbody></table></div>
{% else %}<p>No request lies in this period.</p>{% endif %}
{% if trend %}
<h2>Requests by {{ overview.unit }}</h2>
<figure class="trend">
<svg viewBox="-48 -12 {{ width + 60 }} {{ height + 44 }}" role="img" aria-label="Requests of each class by {{ overview.unit }}">
{% for mark in trend.requests %}
<line class="axis" x1="0" x2="{{ width }}" y1="{{ mark.place }}" y2="{{ mark.place }}"></line>
<text x="-8" y="{{ mark.place + 4 }}" text-anchor="end">{{ mark.label }}</text>
{% endfor %}
{% for mark in trend.days %}<text x="{{ mark.place }}" y="{{ height + 22 }}">{{ mark.label }}</text>
{% endfor %}
{% for line in trend.lines %}<polyline class="c{{ 6 if line.is_rest else loop.index0 }}" points="{{ line.points }}"></polyline>
{% endfor %}
</svg>
<figcaption><ul class="legend">
{% for line in trend.lines %}<li><i class="c{{ 6 if line.is_rest else loop.index0 }}"></i>
{{- "all others" if line.is_rest else line.class_name or no_class }}</li>
{% endfor %}
</ul></figcaption>
</figure>
{% endif %}
{% if figures.reasons %}
<h2>What could not be classified</h2>
<div class="scroll"><table>
<thead><tr><th>status</th><th>why</th><th class="number">requests</th></tr></thead>
<tbody>
{% for reason in figures.reasons %}
<tr><td>{{ reason.status }}</td><td>{{ reason.reason or "–" }}</td><td class="number">{{ "{:,}".format(reason.requests) }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if accuracy %}
<h2>How right the model is</h2>
<p>{{ "{:,}".format(accuracy.correct) }} of {{ "{:,}".format(accuracy.labelled) }} labelled requests have the class of their label:
{{ "{:.1%}".format(accuracy.accuracy) }}, and by chance anything from {{ "{:.1%}".format(likely.low) }} to
{{ "{:.1%}".format(likely.high) }} (95%). Labels of no category: {{ accuracy.unknown_labels | length }}.</p>
<div class="scroll"><table>
<thead><tr><th>class</th><th class="number">expected</th><th class="number">given</th><th class="number">precision</th>
<th class="number">recall</th></tr></thead>
<tbody>
{% for one in accuracy.categories %}
<tr><td>{{ one.category }}</td><td class="number">{{ "{:,}".format(one.expected) }}</td>
<td class="number">{{ "{:,}".format(one.given) }}</td>
<td class="number">{{ "–" if one.precision is none else "{:.1%}".format(one.precision) }}</td>
<td class="number">{{ "–" if one.recall is none else "{:.1%}".format(one.recall) }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
<h2>Cost</h2>
<div class="scroll"><table>
<thead><tr><th>answers</th><th class="number">requests</th><th class="number">USD</th></tr></thead>
<tbody>
{% for origin in figures.origins %}
<tr><td>{{ sources.get(origin.source, origin.source) }}</td><td class="number">{{ "{:,}".format(origin.requests) }}</td>
<td class="number">{{ "{:,.4f}".format(origin.cost_usd) }}</td></tr>
{% endfor %}
<tr><th>together</th><td class="number">{{ "{:,}".format(overview.requests) }}</td>
<td class="number">{{ "{:,.4f}".format(figures.cost_usd) }}</td></tr>
</tbody></table></div>
{% for made in figures.made_by %}
<p class="soft">{{ "{:,}".format(made.requests) }} requests by {{ made.model_id }}, version {{ made.prompt_version }} of the prompt.</p>
{% endfor %}
</body>
</html>
"""


def report_page(figures: ReportFigures, written: datetime.datetime) -> str:
    """The page's HTML."""
    classes = figures.overview.classes
    return _template().render(
        figures=figures,
        overview=figures.overview,
        accuracy=figures.accuracy,
        likely=_likely(figures),
        written=written,
        period=_period(figures),
        has_before=figures.overview.requests_before is not None,
        widest=max((one.share for one in classes), default=0.0) or 1.0,
        trend=trend_of(figures.overview.trend, [one.class_name for one in classes]),
        width=WIDTH,
        height=HEIGHT,
        sources=_SOURCES,
        no_class="(no class)",
    )


def _period(figures: ReportFigures) -> str:
    since, until = figures.selection.since, figures.selection.until
    if since is None and until is None:
        if figures.first_day is None or figures.last_day is None:
            return "all requests"
        days = [str(day) for day in dict.fromkeys((figures.first_day, figures.last_day))]
        return f"all requests, of {' to '.join(days)}"
    return f"{f'from {since} ' if since else ''}{f'to {until}' if until else 'until now'}".strip()


def _likely(figures: ReportFigures) -> Interval | None:
    accuracy = figures.accuracy
    return None if accuracy is None else wilson(accuracy.correct, accuracy.labelled)


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_PAGE)
