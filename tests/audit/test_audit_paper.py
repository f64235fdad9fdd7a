"""What the audit finds in the paper that emofusion starts from."""

import pytest

from emofusion.audit import audit


@pytest.fixture(scope="module")
def findings(paper):
    return audit(paper)


def chosen(findings, kind, **where):
    return [f for f in findings if f.kind == kind and all(getattr(f, name) == value for name, value in where.items())]


def test_five_men_and_four_women_stand_behind_the_tables(findings):
    assert {f.group: f.actors for f in chosen(findings, "actors")} == {"male": 5, "female": 4}
    men, women = (chosen(findings, "actors", group=group)[0].finding for group in ("male", "female"))
    assert "15 of 18 cells" in men and "10 would explain as many" in men
    assert "17 of 18 cells" in women and "8 would explain as many" in women


@pytest.mark.parametrize("emotion", ["neutral", "fearful", "happy", "sad", "angry"])
def test_clips_behind_each_row(findings, emotion):
    clips = {f.group: (f.clips, f.actors) for f in chosen(findings, "count", emotion=emotion)}
    one = 4 if emotion == "neutral" else 8
    assert clips == {"male": (5 * one, 5), "female": (4 * one, 4), "all": (9 * one, 9)}


def test_disgust_of_men_stands_on_four_of_them(findings):
    clips = {f.group: (f.clips, f.actors) for f in chosen(findings, "count", emotion="disgust")}
    assert clips == {"male": (32, 4), "female": (32, 4), "all": (64, 8)}
    (men,) = chosen(findings, "count", emotion="disgust", group="male")
    assert "not 5 as in other rows: 84.38 % and 96.88 % cannot be of 40 clips" in men.finding


def test_what_cannot_be(findings):
    found = {(f.group, f.emotion, f.column): (f.printed, f.clips) for f in chosen(findings, "impossible")}
    assert found == {
        ("all", "sad", "fusion"): ("58.63", 72),
        ("all", "angry", "face"): ("10.35", 72),
        ("male", "angry", "face"): ("10.35", 40),
        ("female", "angry", "face"): ("10.35", 32),
    }
    assert len(chosen(findings, "possible")) == 54 - 4 and not chosen(findings, "doubtful")
    (sad,) = chosen(findings, "impossible", emotion="sad")
    assert sad.expected == "42/72 = 58.33 %"


def test_fused_sad_disagrees_and_all_else_that_can_be_checked_agrees(findings):
    (sad,) = chosen(findings, "disagreement")
    assert (sad.emotion, sad.column, sad.printed, sad.correct, sad.clips) == ("sad", "fusion", "58.63", 35, 72)
    assert sad.expected == "48.61 %" and "27.50 % of 40 and 75.00 % of 32 in Table 2 give (11 + 24)/72" in sad.finding
    (angry,) = chosen(findings, "unchecked")
    assert (angry.emotion, angry.column) == ("angry", "face")
    assert len(chosen(findings, "agreement")) == 16
    (neutral,) = chosen(findings, "agreement", emotion="neutral", column="fusion")
    assert (neutral.correct, neutral.clips) == (21, 36) and "58.33 % = (12 + 9)/36" in neutral.finding


def test_all_clips_together(findings):
    found = {(f.group, f.column): (f.correct, f.clips) for f in chosen(findings, "overall")}
    # fusion helps the men in no clip: 13+27+32+31+23+35 are as many as 12+31+32+40+11+35
    assert found["male", "speech"] == found["male", "fusion"] == (161, 212)
    assert found["female", "fusion"] == (9 + 27 + 30 + 32 + 24 + 31, 176)
    assert found["all", "fusion"] == (21 + 58 + 62 + 72 + 66, 36 + 64 + 3 * 72)


def test_the_gap_in_fused_sad(findings):
    (gap,) = chosen(findings, "gap", emotion="sad", column="fusion")
    assert gap.expected.startswith("-47.50 (") and "male 11/40, female 24/32" in gap.finding
    assert not chosen(findings, "gap", emotion="angry", column="face")
    assert "2/126" in chosen(findings, "resolution")[0].finding


def test_claims_are_held_against_the_tables(findings):
    claims = {f.finding.partition(",")[0]: f.expected for f in chosen(findings, "claim")}
    assert claims["Claim 1"] == "25 of 36" and claims["Claim 2"] == "4 of 6" and claims["Claim 5"] == "6 of 12"
    against = [f for f in chosen(findings, "counterexample") if f.finding.startswith("Against claim 1:")]
    below = {(f.group, f.emotion) for f in against if "below speech" in f.finding}
    assert below == {("all", "neutral"), ("male", "neutral"), ("male", "sad")}
    (gaps,) = [f for f in chosen(findings, "claim") if "gender differences" in f.finding]
    # 3.75, 12.5, 13.75, 0, 47.5 and 9.38 against 8.75, 0, 13.75, 19.38, 7.5 and 9.38
    assert "after fusion 14.48, speech 9.79" in gaps.finding
