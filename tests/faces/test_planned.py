"""What is planned where faces are looked for: which recordings are read, and which earlier results stay."""

import pytest

from emofusion.errors import EmofusionError

BASE = "report.compare={}"
FOUND = f"{BASE} face.features.source=recordings"


def of(plan, kind):
    return [stage for stage in plan.stages.values() if stage.kind == kind]


def medium(stage):
    """Corpus and medium in the name of a stage such as `corpus/ravdess-video-0123`."""
    return stage.split("/")[1].rsplit("-", 1)[0]


def test_landmarks_in_recordings_read_videos(planned):
    plan = planned("ravdess_landmarks", FOUND)
    landmarks = [stage for stage in of(plan, "features") if stage.name.startswith("features/landmarks-")]
    assert [medium(stage.inputs["corpus"]) for stage in landmarks] == ["ravdess-video"]


def test_pictures_for_landmarks_can_be_made_worse(planned):
    plan = planned("ravdess_landmarks", f"{FOUND} face.distortion.jpeg=10")
    assert [medium(stage.name) for stage in of(plan, "distorted")] == ["ravdess-video"]
    with pytest.raises(EmofusionError, match="landmarks features are not computed from pictures"):
        planned("ravdess_landmarks", f"{BASE} face.distortion.jpeg=10")


def test_a_crop_changes_the_pictures_and_what_follows_alone(planned):
    whole, cut = (planned("demo", f"{BASE} {more}") for more in ("face.features.crop=none", "face.features.crop=face"))
    assert set(planned("demo", BASE).stages) == set(whole.stages)
    changed = {name.split("/")[0] for name in set(cut.stages) - set(whole.stages)}
    assert changed == {"features", "feature_cache", "model", "predictions", "rules", "fusion", "report"}
    assert not any("acoustic" in name or "speech" in name for name in set(cut.stages) - set(whole.stages))
