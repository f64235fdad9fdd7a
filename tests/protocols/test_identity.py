"""People and recordings that are on two sides of a split, or that are two things at once."""

from dataclasses import replace

import pandas as pd
import pytest

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.protocols.common.identity import copy_notes, identity_notes, with_shared_people
from emofusion.protocols.common.split import make_split
from emofusion.protocols.cross_corpus import CrossCorpus
from emofusion.protocols.own_split import OwnSplit
from emofusion.protocols.random_clips import RandomClips
from emofusion.protocols.speaker_independent import SpeakerIndependent
from emofusion.settings import fields
from emofusion.settings.experiment import Emotions

EIGHT = Emotions(classes=list(EMOTIONS))
ACROSS = CrossCorpus(train={"speech": ["a"]}, test=["b"], validation=0)


def corpus(name, actors="12345678", takes=2):
    rows = [(actor, emotion, take) for actor in actors for emotion in ("happy", "sad") for take in range(takes)]
    clips = pd.DataFrame(rows, columns=["actor", "emotion", "take"])
    clips["clip"] = [f"{name}{actor}-{emotion}-{take}" for actor, emotion, take in rows]
    clips["gender"] = ["male" if int(actor) % 2 else "female" for actor in clips["actor"]]
    clips["audio"] = f"/data/{name}/" + clips["clip"] + ".wav"
    clips["content"] = "audio:" + clips["clip"]
    return clips.drop(columns="take").assign(corpus=name, actor=f"{name}-" + clips["actor"])


def copied(clips, source, target):
    """The clips, where the file of the row `target` has the content of that of the row `source`."""
    content = clips["content"].tolist()
    content[target] = content[source]
    return clips.assign(content=content)


def row(clips, clip):
    return clips["clip"].tolist().index(clip)


def test_a_recording_with_two_actors_is_refused():
    clips = corpus("a")
    both = copied(clips, row(clips, "a1-sad-0"), row(clips, "a3-sad-0"))
    message = (
        r"the same recording has two actors, a-1 in /data/a/a1-sad-0.wav and a-3 in /data/a/a3-sad-0.wav\. .*"
        r"corpora\.a\.exclude=\['a3-sad-0.wav'\]"
    )
    with pytest.raises(EmofusionError, match=message):
        make_split(both, SpeakerIndependent(corpora=["a"], number_of_folds=2), EIGHT)


def test_a_recording_with_two_emotions_is_refused():
    clips = corpus("a")
    both = copied(clips, row(clips, "a1-sad-0"), row(clips, "a1-happy-1"))
    with pytest.raises(EmofusionError, match=r"the same recording has two emotions, happy in .* and sad in"):
        make_split(both, SpeakerIndependent(corpora=["a"], number_of_folds=2), EIGHT)


def test_a_copy_on_the_same_side_is_counted_and_not_refused():
    clips = corpus("a")
    twice = copied(clips, row(clips, "a1-sad-0"), row(clips, "a1-sad-1"))
    split, _ = make_split(twice, SpeakerIndependent(corpora=["a"], number_of_folds=2), EIGHT)
    assert (split["split"] == "test").sum() == len(clips)
    assert copy_notes(twice) == ["In a, one clip is a copy of another: a1-sad-1."] and not copy_notes(clips)


def test_columns_of_the_corpus_named_like_those_of_the_split_change_nothing():
    clips = corpus("a").assign(split="train", fold=7, file="x", side=1)
    clips["split"] = clips["split"].where(clips["actor"] != "a-1", "test")
    twice = copied(clips, row(clips, "a1-sad-0"), row(clips, "a1-sad-1"))
    own = OwnSplit(corpora=["a"], validation=0)
    split, _ = make_split(twice, own, EIGHT)
    assert split["split"].value_counts().to_dict() == {"train": 28, "test": 4}
    split, _ = make_split(twice, SpeakerIndependent(corpora=["a"], number_of_folds=2, validation=0), EIGHT)
    assert (split["split"] == "test").sum() == len(clips)
    leaking = copied(clips, row(clips, "a1-sad-0"), row(clips, "a2-sad-0")).assign(actor="a-1")
    with pytest.raises(EmofusionError, match=r"the same recording is on two sides of fold 0, as .* \((train|test)\)"):
        make_split(leaking, replace(own, speakers="shared"), EIGHT)


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_on_two_sides_stops_even_where_speakers_may_be_on_both(seed):
    clips = corpus("a", "12", takes=8)
    protocol = RandomClips(corpora=["a"], number_of_folds=8, seed=seed, validation=0)
    split, _ = make_split(clips, protocol, EIGHT)
    fold_of = split[split["split"] == "test"].set_index("clip")["fold"]
    sad = [clip for clip in clips["clip"] if clip.startswith("a1-sad")]
    apart = next(clip for clip in sad if fold_of[clip] != fold_of[sad[0]])
    with pytest.raises(EmofusionError, match=r"the same recording is on two sides of fold \d, as .* \((train|test)\)"):
        make_split(copied(clips, row(clips, sad[0]), row(clips, apart)), protocol, EIGHT)


def test_a_copy_in_another_corpus_stops_as_a_leak():
    clips = pd.concat([corpus("a"), corpus("b")], ignore_index=True)
    make_split(clips, ACROSS, EIGHT)
    leaking = copied(clips, row(clips, "a1-sad-0"), row(clips, "b1-sad-0"))
    with pytest.raises(EmofusionError, match=r"two actors, a-1 .* and b-1 .*protocol\.same_people"):
        make_split(leaking, ACROSS, EIGHT)
    # one person, and still a leak: the person is on both sides
    with pytest.raises(
        EmofusionError, match=r"the same recording is on two sides of fold 0.*exclude=\['b1-sad-0.wav'\]"
    ):
        make_split(leaking, replace(ACROSS, same_people=[["a", "b"]]), EIGHT)


def test_two_copies_of_one_name_are_told_apart_in_the_advice():
    clips = corpus("a", "12", takes=8)
    names = clips["clip"].tolist()
    one, other = names.index("a1-sad-0"), names.index("a2-sad-0")
    paths = clips["audio"].tolist()
    paths[one], paths[other] = "/data/a/train/x.wav", "/data/a/dev/x.wav"
    with pytest.raises(EmofusionError, match=r"exclude=\['dev/x\.wav'\]"):
        make_split(
            copied(clips.assign(audio=paths), one, other), SpeakerIndependent(corpora=["a"], number_of_folds=2), EIGHT
        )


def test_corpora_that_share_people():
    clips = pd.concat([corpus("a"), corpus("b", "123")], ignore_index=True)
    clips["actor"] = clips["actor"].replace({"b-2": "b-02"})
    apart = SpeakerIndependent(corpora=["a", "b"], number_of_folds=2)
    split, _ = make_split(clips, apart, EIGHT)
    assert split["actor"].nunique() == 11
    split, _ = make_split(clips, replace(apart, same_people=[["a", "b"]]), EIGHT)
    assert set(split["actor"]) == {f"a+b-{number}" for number in range(1, 9)}
    tested = split[split["split"] == "test"]
    assert len(tested[["actor", "fold"]].drop_duplicates()) == 8
    with pytest.raises(EmofusionError, match=r"actor b\+a-1 is on more than one side of fold 0"):
        make_split(clips, replace(ACROSS, same_people=[["b", "a"], ["c", "d"]]), EIGHT)


def test_a_short_name_of_a_shared_person_is_one_person():
    clips = pd.concat([corpus("a"), corpus("b", "123")], ignore_index=True)
    protocol = SpeakerIndependent(corpora=["a", "b"], folds=[["1", "2.0".removesuffix(".0")]], validation=0)
    with pytest.raises(EmofusionError, match="actor 1 may be a-1 or b-1"):
        make_split(clips, protocol, EIGHT)
    split, _ = make_split(clips, replace(protocol, same_people=[["a", "b"]]), EIGHT)
    assert set(split.loc[split["split"] == "test", "actor"]) == {"a+b-1", "a+b-2"}
    assert set(split.loc[split["split"] == "test", "corpus"]) == {"a", "b"}


def test_corpora_that_do_not_have_the_same_people_cannot_share_them():
    other = corpus("b")
    other["gender"] = other["gender"].map({"male": "female", "female": "male"})
    clips = pd.concat([corpus("a"), other], ignore_index=True)
    with pytest.raises(EmofusionError, match=r"same_people: a\+b-1 would be male in a and female in b"):
        make_split(clips, replace(ACROSS, same_people=[["a", "b"]]), EIGHT)


@pytest.mark.parametrize("same", [[["a"]], [["a", "a"]], [["a", "b"], ["b", "c"]]])
def test_bad_lists_of_shared_people_are_refused(same):
    with pytest.raises(EmofusionError, match=r"protocol\.same_people=.*at least 2 corpora, each corpus once"):
        fields.check(replace(ACROSS, same_people=same), "protocol")


def test_people_of_two_corpora_with_the_same_name_are_told():
    """Numbers are no names: corpora number their people."""
    both = pd.concat([corpus("a"), corpus("b")], ignore_index=True)
    assert identity_notes(both) == []
    named = both.assign(
        actor=both["actor"].replace({"a-1": "a-Max M", "b-1": "b-max_m", "a-2": "a-Ida", "b-3": "b-Eva"})
    )
    note = "a and b have people of the same names (Max M), who count as others. If they are the same, set "
    assert identity_notes(named) == [note + "protocol.same_people=[[a,b]]."]
    assert identity_notes(with_shared_people(both.assign(actor=named["actor"]), [["a", "b"]])) == []


def test_two_corpora_with_a_clip_of_one_name_are_refused():
    clips = pd.concat([corpus("a"), corpus("a").assign(corpus="b")], ignore_index=True)
    with pytest.raises(EmofusionError, match=r"^32 clips have a name that is in two corpora, as a1-happy-0 in a and b"):
        make_split(clips, ACROSS, EIGHT)


def test_people_of_unknown_gender_are_counted():
    clips = corpus("a")
    clips.loc[clips["actor"].isin(["a-1", "a-2"]), "gender"] = "unknown"
    assert identity_notes(clips) == [
        "In a, the gender of 2 people is not known: their 8 clips are in all tables but those by gender."
    ]
    split, _ = make_split(clips, SpeakerIndependent(corpora=["a"], number_of_folds=2), EIGHT)
    assert (split["gender"] == "unknown").any()
