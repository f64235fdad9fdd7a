"""Overrides: they are cut apart where white space separates, and what cannot be read is refused."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from emofusion.errors import EmofusionError
from emofusion.settings.overrides import expand, key_of, parse, split_overrides, value_text

KEYS = st.sampled_from(["seed", "report.title", "speech.training.epochs", "+speech@own", "~face", "++a.b", "x/y"])
# Any letters, and often those with a meaning of their own to a shell, to YAML, to Hydra or to `settings.letters`.
SPECIAL = [*"\\'\"()[]{},:=$@#+-. \t\n*?|1é", "~", "zQx", "xQz", "true", ", 1:"]
TEXTS = st.lists(st.characters(exclude_categories=["Cs"]) | st.sampled_from(SPECIAL), max_size=20).map("".join)
PLAIN = st.from_regex(r"[A-Za-z0-9_.+-]{1,8}", fullmatch=True)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)
BLANKS = st.text(" \t\n\u00a0", min_size=1, max_size=3)


def quoted(text: str, quote: str) -> str:
    """A text as Hydra's grammar writes it in quotes: backslashes count only where a quote follows, or at the end."""
    escaped = re.sub(rf"(\\*)({quote}|\Z)", lambda found: found[1] * 2 + ("\\" + quote if found[2] else ""), text)
    return f"{quote}{escaped}{quote}"


def in_a_map(values: dict[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in values.items())}}}"


VALUES = st.recursive(
    PLAIN | st.builds(quoted, TEXTS, st.sampled_from("'\"")),
    lambda values: (
        st.lists(values, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(PLAIN, values, max_size=3).map(in_a_map)
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.builds("{}={}".format, KEYS, VALUES), BLANKS), max_size=4), BLANKS)
def test_overrides_come_apart_as_they_were_put_together(parts, first):
    text = first + "".join(override + blanks for override, blanks in parts)
    assert split_overrides(text) == [override for override, _ in parts]


@given(TEXTS | st.lists(TEXTS, max_size=4).map(" ".join))
@example("a='\\\\' b='\\'")
def test_nothing_but_white_space_gets_lost(text):
    try:
        overrides = split_overrides(text)
    except EmofusionError as error:
        assert "is not closed in: " in str(error)
        return
    rest = text
    for override in overrides:
        before, _, rest = rest.partition(override)
        assert not before.strip()
        assert split_overrides(override) == [override]
    assert not rest.strip()


@given(TEXTS.filter(lambda text: "~" not in text), st.sampled_from("'\""))
@example("\\", "'")
@example("a\\'", "'")
@example("Part 1, 2: results", "'")
@example("It's a résumé", "'")
@example("zQx41xQz", "'")
def test_a_text_in_quotes_arrives_letter_by_letter(text, quote):
    """Only `~` is refused, where it may stand for the home folder."""
    override = f"report.title={quoted(text, quote)}"
    assert split_overrides(override) == [override]
    assert expand([override]) == [[override]]
    assert parse(override).value == text
    both = expand([f"{override},other"])
    assert [parse(one).value for (one,) in both] == [text, "other"]


@given(st.dictionaries(PLAIN, PLAIN | st.text("äé情/ß", min_size=1, max_size=4), max_size=4))
def test_words_in_a_map_stay_words(labels):
    """Also those that are written as numbers are: `labels={1.0: joy}` translates the word 1.0."""
    words = {word: f"x{label}" for word, label in labels.items()}
    assert parse(f"corpora.mine.labels={in_a_map(words)}").value == words


@given(st.lists(NUMBERS, min_size=1, unique=True))
def test_numbers_of_a_sweep_arrive_exactly(numbers):
    cells = expand([f"seed={','.join(map(value_text, numbers))}"])
    assert [parse(override).value for (override,) in cells] == numbers


@given(KEYS | TEXTS, st.sampled_from(["=", "", "=="]), VALUES | TEXTS | st.builds("{},{}".format, VALUES, TEXTS))
@example("seed", "=", "range(0,1e400)")
@example("seed", "=", "range(0,5,nan)")
@example("seed", "=", "zQxffffffffxQz")
@example("seed", "=", "{a: 'x, \"b\": c'}")
@example("seed", "=", "1" + "0" * 5000)
@example("seed", "=", "[" * 2000 + "]" * 2000)
@example("seed", "=", "choice()")
@example("seed", "=", "sort(a,1)")
@example("seed", "=", "shuffle(1,2)")
@example("seed", "=", "int(x)")
@example("seed", "=", "range(1,2,3,4)")
def test_whatever_is_typed_is_understood_or_refused(key, equals, value):
    """Refused in one message that says which override it is about."""
    override = f"{key}{equals}{value}"
    try:
        key_of(override)
        for (one,) in expand([override]):
            parse(one)
    except EmofusionError as error:
        assert str(error).startswith("override: ")
