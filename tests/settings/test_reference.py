"""The page of all settings is what the schema and the files of `conf/` say."""

import re

import pytest
import yaml

from emofusion.settings import registry
from emofusion.settings.reference import reference


@pytest.fixture(scope="module")
def page(conf):
    return reference(conf)


def test_the_page_is_current(repository, page):
    shown = (repository / "docs" / "settings.md").read_text(encoding="utf-8")
    assert shown == page, "run python -m emofusion.settings.reference > docs/settings.md"


def test_every_setting_has_a_meaning_and_a_type(page):
    rows = [row.split(" | ") for row in page.splitlines() if row.startswith("| `") and row.count(" | ") == 4]
    assert len(rows) > 150
    for name, kind, default, _, meaning in rows:
        assert kind and default and len(meaning.strip(" |")) > 5, name


def test_every_choice_of_a_file_is_described(page, conf):
    for path in conf.glob("*/*.yaml"):
        assert re.search(rf"^\| `{path.stem}` \| \S.+ \|$", page, re.MULTILINE), path


def test_every_kind_is_described(page):
    for family in registry.FAMILIES:
        for name, kind in registry.kinds(family).items():  # those of plug-ins of other tests are not ours
            assert (f"### `{name}`\n\n" in page) == kind.__module__.startswith("emofusion.")


def test_what_the_page_calls_allowed_is_what_is_checked(page):
    assert "| `speech.network.dropout`" not in page  # names are those of any modality
    assert "| `<modality>.features.mfcc` | whole number | `40` | from 1 to 512 |" in page
    assert "| `evaluation.confidence` | number | `0.95` | above 0 and below 1 |" in page
    assert "| `fusion.fit_on` | text | `auto` | auto or validation or cross_fitted or nested |" in page


def test_every_setting_that_a_file_names_is_on_the_page(page, conf):
    named = set(re.findall(r"^\| `(?:<modality>|corpora\.<corpus>|[a-z]+)\.([a-z_.\[\]]+)`", page, re.MULTILINE))
    for group in ("speech", "face", "fusion", "protocol"):
        for path in (conf / group).glob("*.yaml"):
            for name in _leaves(yaml.safe_load(path.read_text(encoding="utf-8"))):
                assert name in named, (path, name)


def _leaves(node, prefix=""):
    for key, value in node.items():
        if key in ("defaults", "kind"):
            continue
        if isinstance(value, dict) and key in ("features", "network", "training", "augment", "feature_cache"):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
