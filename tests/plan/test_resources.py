"""What the jobs of stages ask for, from settings, from what they read, and from the number of the try."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from emofusion.errors import EmofusionError
from emofusion.networks.backbone import Backbone, TrainedBackbone
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.cnn1d_deep import Cnn1dDeep
from emofusion.networks.lstm import Lstm
from emofusion.networks.mlp import Mlp
from emofusion.plan.make import plan_file
from emofusion.plan.records import RECORD, Making, Record, Source
from emofusion.plan.resources import (
    LARGE_TRAINING,
    LONGEST_MINUTES,
    STARTING,
    TABLE,
    TRAINING,
    WITH_GPU,
    Needs,
    check_gpus,
    estimate,
    feature_threads,
)
from emofusion.plan.stage import KINDS

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("resources") / "results"


@pytest.fixture(scope="module")
def plan(repository, results):
    override = "speech=cnn1d face=vgg16 speech.training.epochs=10 face.training.unfreeze=[{epoch: 1, blocks: 1}]"
    return plan_file(repository / "conf", "demo", override, results)


def named(plan, kind: str, label: str = "") -> str:
    return next(name for name in plan.stages if name.startswith(f"{kind}/{label}"))


def made(results: Path, name: str, mebibytes: float, of_sources: float = 0) -> None:
    """A record of a result of a size."""
    outputs = {"a": [int(mebibytes * MEBIBYTE), ""], "b": [0, ""]}
    sources = {"x.wav": Source(int(of_sources * MEBIBYTE), 0, "")}
    record = Record(name, {}, Making("", {}, 1, "full"), {}, sources, outputs, "", "", 1.0, [])
    (results / name).mkdir(parents=True)
    (results / name / RECORD).write_text(json.dumps(asdict(record)))


def test_every_kind_of_stage_has_a_cost():
    assert TABLE.keys() == KINDS.keys()


def test_every_stage_of_an_experiment_asks_for_something(plan, results):
    for name in plan.stages:
        needs = estimate(plan, name, results)
        assert needs.mem_mb >= 500 and needs.runtime >= 10 and needs.gpu == 0


def test_what_is_asked_for_grows_with_what_is_read(plan, results):
    name = named(plan, "model", "speech")
    cost, before = TABLE["model"], estimate(plan, name, results)
    assert before == Needs(STARTING + cost.memory, cost.minutes, 0)  # nothing that it reads is there yet
    (features,) = [read for read in plan.stage(name).reads if "demo_savee" in read]
    made(results, features, 500)
    after = estimate(plan, name, results)
    assert after.mem_mb == STARTING + cost.memory + 500 * cost.memory_each
    seeds = len(plan.settings(name).seeds)
    assert after.runtime == -(-(cost.minutes + TRAINING * 500 * 10 * seeds) // 1)


def test_features_count_the_recordings_that_their_corpus_lists(plan, results):
    name = named(plan, "features", "acoustic-demo_ravdess")
    corpus = plan.stage(name).inputs["corpus"]
    others = {*plan.stage(name).reads} - {corpus}
    assert others  # to whose recordings the window adapts; only their tables are read
    made(results, corpus, 1, of_sources=300)
    for other in others:
        made(results, other, 5, of_sources=500)
    needs, cost = estimate(plan, name, results), TABLE["features"]
    assert needs.mem_mb == -(-(STARTING + cost.memory + 301 * cost.memory_each) // 1)
    assert needs.runtime == -(-(cost.minutes + 301 * cost.minutes_each) // 1)


def test_memory_and_time_double_with_each_try_and_time_has_a_bound(plan, results):
    name = named(plan, "fusion")
    first, second, third = (estimate(plan, name, results, attempt) for attempt in (1, 2, 3))
    assert (second.mem_mb, second.runtime) == (2 * first.mem_mb, 2 * first.runtime)
    assert (third.mem_mb, third.runtime) == (4 * first.mem_mb, 4 * first.runtime)
    assert estimate(plan, name, results, attempt=40).runtime == LONGEST_MINUTES


def test_only_what_profits_from_a_gpu_asks_for_one(plan, results):
    asking = {name.partition("-")[0] for name in plan.stages if estimate(plan, name, results, gpus=1).gpu}
    assert asking == {"feature_cache/vgg16", "feature_cache/mobilenet_v2", "model/face", "predictions/face"}
    assert not any(estimate(plan, name, results, gpus=0).gpu for name in plan.stages)


def test_the_head_on_stored_output_of_frozen_layers_asks_for_no_gpu(repository, results):
    plan = plan_file(repository / "conf", "demo", "face.training.unfreeze=[]", results)
    asking = {name.partition("-")[0] for name in plan.stages if estimate(plan, name, results, gpus=1).gpu}
    assert asking == {"feature_cache/vgg16", "feature_cache/mobilenet_v2"}


def test_a_large_network_is_given_more_time_where_it_gets_no_gpu(plan, results):
    name = named(plan, "model", "face-vgg16")
    made(results, plan.stage(name).inputs["features"][0], 200)
    settings = plan.settings(name)
    work = 200 * settings.training.epochs * len(settings.seeds)
    for gpus in (0, 1):
        expected = TABLE["model"].minutes + LARGE_TRAINING[0 if gpus else 1] * work
        assert estimate(plan, name, results, gpus=gpus).runtime == -(-expected // 1)
    without, with_gpu = (estimate(plan, name, results, gpus=gpus).mem_mb for gpus in (0, 1))
    assert with_gpu == without + WITH_GPU


@pytest.mark.parametrize(
    ("network", "profits"),
    [
        (Mlp(), False),
        (Mlp(hidden=[]), False),
        (Mlp(hidden=[64, 512]), True),
        (Cnn1d(), False),
        (Cnn1d(filters=1024), True),
        (Cnn1dDeep(), False),
        (Cnn1dDeep(filters=[64, 512, 96]), True),
        (Lstm(), False),
        (Lstm(hidden=1024), True),
        (Backbone(architecture="vgg16"), True),
        (TrainedBackbone(architecture="vgg16", frozen=3), True),
        (TrainedBackbone(architecture="vgg16", frozen=5), False),  # a head on stored features
    ],
)
def test_networks_say_whether_they_profit_from_a_gpu(network, profits):
    assert network.profits_from_gpu() is profits


def test_half_precision_asks_for_the_gpu_that_it_needs(repository, results):
    plan = plan_file(repository / "conf", "demo", "speech.training.precision=half modalities=[speech]", results)
    for kind in ("model", "predictions"):
        assert estimate(plan, named(plan, kind, "speech-cnn1d"), results, gpus=1).gpu == 1


def test_half_precision_is_refused_where_jobs_get_no_gpu(repository, results):
    plan = plan_file(repository / "conf", "demo", "face.training.precision=half report.compare={}", results)
    message = "^face.training.precision=half: .* this machine has none. Set face.training.precision=full; .* gpu=1 "
    for kind in ("model", "predictions"):
        with pytest.raises(EmofusionError, match=message):
            check_gpus(plan, [named(plan, kind, "face-vgg16")], gpus=0, this_machine=True)
    with pytest.raises(EmofusionError, match="the jobs of this command get none"):
        check_gpus(plan, plan.stages, gpus=0, this_machine=False)
    check_gpus(plan, plan.stages, gpus=1, this_machine=True)
    # what is there already, and what is in full precision or merely stored in half precision, needs none
    others = [name for name in plan.stages if not name.startswith(("model/face", "predictions/face"))]
    assert any(name.startswith("feature_cache/") for name in others)
    check_gpus(plan, others, gpus=0, this_machine=True)


def test_few_feature_sets_get_all_cores_and_many_share_them(plan, tmp_path):
    sets = [name for name in plan.stages if name.startswith("features/")]
    assert len(sets) == 4
    assert [feature_threads(plan, tmp_path, cores) for cores in (1, 2, 8, 9)] == [1, 1, 4, 4]
    made(tmp_path, sets[0], 1)
    assert feature_threads(plan, tmp_path, 8) == 8  # of three
    for name in sets[1:]:
        made(tmp_path, name, 1)
    assert feature_threads(plan, tmp_path, 8) == 8  # one that turns out to be stale


def test_a_split_asks_for_nothing_for_features_of_which_it_reads_a_list(repository, tmp_path):
    results = tmp_path / "results"
    skipping = "corpora.demo_ravdess.on_bad_clip=skip corpora.demo_savee.on_bad_clip=skip speech=cnn1d"
    plan = plan_file(repository / "conf", "demo", skipping, results)
    split = named(plan, "split")
    before = estimate(plan, split, results)
    features = plan.stage(split).inputs["features_skipped"]
    assert len(features) > 1
    for name in features:
        made(results, name, 1000)
    assert estimate(plan, split, results) == before
