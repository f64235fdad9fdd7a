"""Other papers' tables: made from known counts, whole and with one cell changed; and what of bad ones is said."""

import random
import shutil

import pytest

from emofusion.audit import audit, only_one
from emofusion.errors import EmofusionError
from emofusion.settings.compose import Composer

WRONG = ("impossible", "disagreement", "doubtful", "unchecked")


def wrong(findings):
    return [f for f in findings if f.kind in WRONG]


def counts(draw, actors, clips, columns, per_actor=True):
    """(group, emotion) → (clips, column → correct), drawn at random."""
    made = {}
    for group, number in actors.items():
        for emotion, each in clips.items():
            n = number * each if per_actor else draw.randint(11, 60)
            made[group, emotion] = (n, {column: draw.randint(0, n) for column in columns})
    return made


@pytest.mark.parametrize("unit", ["percent", "fraction"])
def test_tables_of_known_counts_are_never_called_wrong(printed, unit):
    draw, decimals = random.Random(1), {"percent": 2, "fraction": 4}[unit]
    clips = {"neutral": 4, "happy": 8, "sad": 6}
    for _ in range(25):
        truth = {"young": draw.randint(1, 9), "middle": draw.randint(1, 9), "old": draw.randint(1, 9)}
        node = printed(counts(draw, truth, clips, ["audio", "video"]), decimals, unit)
        assert not wrong(audit(node | {"corpus": {"clips_per_actor": clips, "actors": dict.fromkeys(truth, 9)}}))


def test_without_a_corpus_tables_of_known_counts_are_not_called_wrong_either(printed):
    draw = random.Random(2)
    for decimals in (1, 2):
        for _ in range(10):
            made = counts(draw, {"a": 0, "b": 0}, {"joy": 0, "fear": 0}, ["x", "y", "z"], per_actor=False)
            found = audit(printed(made, decimals) | {"maximum": 120})
            assert not [f for f in wrong(found) if f.kind in ("impossible", "disagreement")]


def test_a_changed_cell_is_found(printed):
    draw, clips = random.Random(3), {"neutral": 4, "happy": 8, "sad": 8, "angry": 8}
    corpus = {"clips_per_actor": clips, "actors": {"male": 12, "female": 12}}
    for _ in range(25):
        truth = counts(draw, {"male": 5, "female": 4}, clips, ["speech", "face", "fusion"])
        node = printed(truth)
        group, emotion, column = draw.choice(["male", "female"]), draw.choice([*clips]), draw.choice(["speech", "face"])
        # to another fraction of the same clips: possible by itself, and caught only by the other table
        n, correct = truth[group, emotion]
        other = draw.choice([k for k in range(n + 1) if k != correct[column]])
        node["table2"][group][emotion][column] = round(100 * other / n + 1e-9, 2)
        found = wrong(audit(node | {"corpus": corpus}))
        assert {(f.emotion, f.column) for f in found} == {(emotion, column)}
        assert [f.kind for f in found] == ["disagreement"]
        # to no fraction of them
        node["table2"][group][emotion][column] = 0.17
        found = [f for f in audit(node | {"corpus": corpus}) if f.kind in ("impossible", "doubtful")]
        assert [(f.group, f.emotion, f.column) for f in found] == [(group, emotion, column)]


def test_counts_are_found_of_one_table_of_fractions_with_stated_clips():
    node = {
        "unit": "fraction",
        "decimals": 3,
        "table1": {"joy": {"audio": 0.571, "video": 0.857}, "rage": {"audio": 0.333, "video": 0.59}},
        "clips": {"all": {"rage": 12}},
    }
    found = audit(node)
    counted = {f.emotion: f.clips for f in found if f.kind == "count"}
    assert counted == {"joy": 7, "rage": 12}
    (impossible,) = [f for f in found if f.kind == "impossible"]
    assert impossible.column == "video" and impossible.expected == "7/12 = 0.583"
    assert "0.590 is no fraction of 12 clips" in impossible.finding
    assert not [f for f in found if f.kind in ("agreement", "disagreement", "unchecked", "gap")]


def test_only_a_table_by_group_with_one_decimal_and_an_empty_cell():
    node = {"table2": {"native": {"joy": {"a": 62.5, "b": None}}, "learner": {"joy": {"a": 33.3, "b": 91.7}}}}
    found = audit(node)
    assert {(f.group, f.clips) for f in found if f.kind == "count"} == {("native", 8), ("learner", 12)}
    assert not wrong(found)


def test_a_row_that_one_group_lacks_is_counted_by_itself():
    node = {
        "table1": {"joy": {"a": 58.33, "b": 36.11}},
        "table2": {"x": {"joy": {"a": 87.5, "b": 37.5}, "fear": {"a": 42.86}}, "y": {"fear": {"a": 14.29}}},
        "clips": {"x": {"joy": 8}},
    }
    found = audit(node)
    assert {(f.group, f.emotion): f.clips for f in found if f.kind == "count"} == {
        ("all", "joy"): 36,
        ("x", "joy"): 8,
        ("x", "fear"): 7,
        ("y", "fear"): 7,
    }
    assert not wrong(found)


def test_one_misprint_does_not_give_a_row_other_actors(paper):
    """84.38 % is 27 of four men's 32 clips, and no fraction of five men's 40: alone, it is the more likely misprint."""
    row = paper["table2"]["male"]["happy"] | {"speech": 84.38, "face": 75.0}
    changed = paper | {"table1": {}, "table2": {**paper["table2"], "male": {**paper["table2"]["male"], "happy": row}}}
    found = audit(changed)
    assert [f.actors for f in found if f.kind == "count" and (f.group, f.emotion) == ("male", "happy")] == [5]
    (doubtful,) = [f for f in found if f.kind == "doubtful"]
    assert doubtful.column == "speech" and "32 clips would explain the whole row" in doubtful.finding


def test_nothing_is_called_wrong_on_weak_evidence():
    """33 % is a third of three, but so few values may be of other clips; 34 % then contradicts nothing for sure."""
    node = {"maximum": 5, "table1": {"joy": {"a": 34}}, "table2": {"x": {"joy": {"a": 33}}, "y": {"joy": {"a": 33}}}}
    assert [(f.kind, f.group) for f in wrong(audit(node))] == [("doubtful", "all"), ("unchecked", "all")]


def test_weak_evidence_is_called_weak(paper):
    """Without the corpus, 512 clips would explain 10.35 %: nothing is then called impossible for it."""
    found = audit({key: value for key, value in paper.items() if key != "corpus"})
    assert {(f.emotion, f.column) for f in found if f.kind == "impossible"} == {("sad", "fusion")}
    assert [f.emotion for f in found if f.kind == "disagreement"] == ["sad"]
    (angry,) = [f for f in found if f.kind == "count" and (f.group, f.emotion) == ("male", "angry")]
    assert angry.clips == 512 and "weak evidence" in angry.finding


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"unit": "permille"}, "published.unit=permille"),
        ({"decimals": 1}, "published.table1.neutral.speech=61.11"),
        ({"tabel1": {}}, "published.tabel1"),
        ({"table1": {"sad": {"face": 158}}}, "published.table1.sad.face=158"),
        ({"table1": {"sad": {"face": "n/a"}}}, "published.table1.sad.face=n/a"),
        ({"table1": {"sad": 12}}, "published.table1.sad=12"),
        ({"table1": {}, "table2": {}}, "neither table1 nor table2"),
        (
            {"corpus": {"clips_per_actor": {"sad": 8}, "actors": {"male": 1}}},
            "published.corpus.clips_per_actor: the tables have neutral",
        ),
        ({"corpus": {"actors": {"male": 1}}}, "published.corpus"),
        ({"claims": [{"quote": "x", "better": "fusion", "than": ["smell"]}]}, "published.claims[1].than: smell"),
        ({"claims": [{"quote": "x"}]}, "published.claims[1]"),
    ],
)
def test_a_bad_file_is_named(paper, change, named):
    with pytest.raises(EmofusionError, match=r"published") as error:
        audit(paper | change)
    assert named in str(error.value)


def test_another_papers_file_is_composed_and_audited(repository, tmp_path):
    conf = shutil.copytree(repository / "conf", tmp_path / "conf")
    (conf / "published" / "other.yaml").write_text(
        "unit: fraction\nclips: {child: {joy: 21}}\n"
        "table2:\n  child: {joy: {voice: 0.857}}\n  adult: {joy: {voice: 0.818}}\n"
    )
    found = audit(Composer(conf, "demo").settings(["published=other"]).published)
    assert {(f.group, f.clips) for f in found if f.kind == "count"} == {("child", 21), ("adult", 11)}
    assert [f.correct for f in found if f.kind == "possible"] == [18, 9]


def test_one_paper_is_audited_at_a_time(paper):
    assert only_one([paper]) is paper
    with pytest.raises(EmofusionError, match="published=none"):
        only_one([None])
    with pytest.raises(EmofusionError, match="one paper"):
        only_one([paper, None])
