"""The Jinja template of the audit's page. It is in a module, so that the fingerprint of the code covers it."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The published tables, audited</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, li { max-width: 44rem; } li { margin: .3rem 0; } ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .35rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid #8886; }
th { border-bottom-color: currentColor; font-weight: 600; }
th:first-child, td:first-child, .left { text-align: left; }
tbody th { border-bottom-color: #8886; }
small { display: block; font-size: .8rem; }
.wrong { outline: 2px solid currentColor; outline-offset: -2px; font-weight: 600; }
.quiet { font-size: .9rem; }
@media (max-width: 30rem) {
  th, td { padding: .3rem .25rem; } table { font-size: .82rem; } small { font-size: .72rem; }
}
@media print { body { max-width: none; } tr, li { break-inside: avoid; } }
</style>
</head>
<body>
<h1>The published tables, audited</h1>
<p>{{ source }}</p>
<p>An accuracy is a number of correct clips divided by a number of clips, so only few numbers can explain a printed
value. {{ verdict }}</p>

<h2>Impossible values</h2>
{{ items(wrong, "Nothing: every printed value is a fraction of the clips behind it, and the tables agree.") }}
{% if open %}
<h2>Values that cannot be decided</h2>
{{ items(open, "") }}
{% endif %}

<h2>Clips and actors behind each cell</h2>
<p>Below each value: recognised clips / tested clips.{% if pooled %} In {{ labels.table1 }}, “=” means that the value is
the sum of the groups' clips in {{ labels.table2 }}.{% endif %}</p>
{{ items(actors + odd, "") }}
{% for grid in grids %}
<h3>{{ grid.title }}</h3>
<div class="wide"><table>
<thead><tr><th scope="col">emotion</th><th scope="col">clips{% if actors %}<small>(actors)</small>{% endif %}</th>
{% for column in columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in grid.rows %}
<tr><th scope="row">{{ row.emotion }}</th><td>{{ row.clips }}{% if row.actors != "" %}
<small>({{ row.actors }})</small>{% endif %}</td>
{% for cell in row.cells %}<td{% if cell.wrong %} class="wrong"{% endif %}>{{ cell.value }}{% for note in cell.notes %}
<small>{{ note }}</small>{% endfor %}</td>{% endfor %}</tr>{% endfor %}
</tbody></table></div>
{% endfor %}

<h2>All emotions together</h2>
<p>The clips of all emotions together, and the mean of the printed values (unweighted average recall). If the count of a
cell is unknown, its emotion is missing in the clips together.</p>
<div class="wide"><table>
<thead><tr><th scope="col">table</th><th scope="col" class="left">column</th><th scope="col">clips together</th>
<th scope="col">mean of printed</th></tr></thead>
<tbody>{% for row in overall %}
<tr><th scope="row">{{ row[0] }}</th><td class="left">{{ row[1] }}</td><td>{{ row[2] }}
<small>{{ row[3] }}</small></td><td>{{ row[4] }}</td></tr>{% endfor %}
</tbody></table></div>

{% if claims %}
<h2>Claims of the text about the tables</h2>
{% for claim, against in claims %}
<p><strong>{{ claim[0] }}</strong> {{ claim[1] }} <strong>{{ claim[2] }}</strong></p>
{{ items(against, "") if against }}
{% endfor %}
{% endif %}

{% if gaps %}
<h2>Gaps between groups</h2>
{{ items(resolution, "") if resolution }}
<p class="quiet">Accuracy of the first group minus that of the second, with a 95 % interval (Newcombe's, from Wilson's)
and the p of Fisher's exact test, both as if clips were independent.</p>
{% for pair, rows in gaps %}
<h3>{{ pair }}</h3>
<div class="wide"><table>
<thead><tr><th scope="col">emotion</th><th scope="col" class="left">column</th><th scope="col">clips</th>
<th scope="col">gap<small>95 %</small></th><th scope="col">p</th></tr></thead>
<tbody>{% for row in rows %}
<tr><th scope="row">{{ row[0] }}</th><td class="left">{{ row[1] }}</td><td>{{ row[2] }}</td>
<td>{{ row[3] }}<small>{{ row[4] }}</small></td><td>{{ row[5] }}</td></tr>{% endfor %}
</tbody></table></div>
{% endfor %}
{% endif %}

<h2>How this was found</h2>
<p class="quiet">For each row, the audit finds the numbers of clips for which every printed value can be a rounded
fraction; a half may be rounded up or to even. {{ method }} If one value fits no number, it is reported, and the other
values are still used. A possible value is not necessarily right. Every finding is a row of findings.csv, beside this
page.</p>
</body>
</html>
"""
ITEMS = (
    "{% macro items(texts, otherwise) %}{% if texts %}<ul>{% for text in texts %}<li>{{ text }}</li>{% endfor %}</ul>"
    "{% elif otherwise %}<p>{{ otherwise }}</p>{% endif %}{% endmacro %}"
)
