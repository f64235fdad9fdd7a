"""Sentences about what was left out while files were read."""

from collections import Counter

from emofusion.counted import Note, count, counting, notes_of_clips, read_notes, write_notes
from emofusion.reporting.dropped import dropped


def written(tmp_path, *stages: list[Note]):
    folders = []
    for number, notes in enumerate(stages):
        folders.append(tmp_path / str(number))
        folders[-1].mkdir()
        write_notes(folders[-1], notes)
    return folders


def test_a_pattern_matches_nothing_only_if_it_does_so_in_every_stage(tmp_path):
    setting = "corpora.ravdess.exclude"
    audio = [Note(setting, "03-*.wav", 2), Note(setting, "02-*.mp4", 0), Note(setting, "typo, with 'quotes'", 0)]
    video = [Note(setting, "03-*.wav", 0), Note(setting, "02-*.mp4", 1), Note(setting, "typo, with 'quotes'", 0)]
    assert dropped(written(tmp_path, audio, video)) == [
        "Left out by corpora.ravdess.exclude: '03-*.wav' matches 2 files or clips.",
        "Left out by corpora.ravdess.exclude: '02-*.mp4' matches 1 file or clip.",
        "The pattern 'typo, with 'quotes'' in corpora.ravdess.exclude matches nothing: nothing was left out by it.",
    ]


def test_counts_are_said_once_for_each_stage(tmp_path):
    frames = [Note("action_units of ravdess", "frames without a face", 12, 3), Note("corpus ravdess", "copies", 4)]
    assert dropped(written(tmp_path, frames, [Note("corpus ravdess", "copies", 4)], [])) == [
        "Not used (action_units of ravdess): frames without a face: 12, in 3 clips.",
        "Not used (corpus ravdess): copies: 4.",
    ]
    assert dropped([tmp_path / "gone"]) == []


def test_a_label_that_no_clip_has_is_without_effect(tmp_path):
    notes = [Note("corpora.mine.labels", "no clip has the label bored", 0)]
    assert dropped(written(tmp_path, notes)) == ["Without effect (corpora.mine.labels): no clip has the label bored."]


def test_recordings_of_lower_sample_rates_are_told_by_corpus(tmp_path):
    what = "recorded at 8000 Hz, below the 16000 Hz of the features"
    notes = [Note("logmel of a", what, 12, 12), Note("logmel of b", what, 1, 1)]
    end = "higher tones are missing there, which models can learn."
    assert dropped(written(tmp_path, notes)) == [
        f"12 clips were {what} (logmel of a): {end}",
        f"1 clip was {what} (logmel of b): {end}",
    ]


def test_what_is_counted_in_clips_is_added_up():
    counts = [Counter({"a": 2, "b": 0}), Counter({"a": 1}), Counter()]
    assert notes_of_clips("x", counts) == [Note("x", "a", 3, 2)]


def test_counts_go_to_the_innermost_with_statement():
    count("nobody listens")
    with counting() as outer:
        count("a")
        with counting() as inner:
            count("b", 2)
        count("a", 3)
    assert (outer, inner) == ({"a": 4}, {"b": 2})


def test_notes_are_read_as_they_were_written(tmp_path):
    notes = [Note("corpora.x.exclude", 'a "b", c\nd;生气', 0), Note("about", "what", 3, 2)]
    write_notes(tmp_path, notes)
    assert read_notes(tmp_path) == notes
