"""Grids in the real workflow, on posteriors of six actors that are drawn at random."""

import csv
import json

import numpy as np
import pytest

from emofusion.reporting.rounding import percentage

CLASSES = ["neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
ACTORS = [f"{number:02}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def made(repository, workflow_in, tmp_path_factory):
    """The workflow, with the overrides that make the experiment `posteriors` read the drawn ones."""
    folder = tmp_path_factory.mktemp("grid")
    random = np.random.default_rng(0)
    clips = [(f"{actor}-{emotion}-{take}", actor, emotion) for actor in ACTORS for emotion in CLASSES for take in "ab"]
    with (folder / "clips.csv").open("w", newline="") as file:
        rows = [(clip, actor, "female" if int(actor) % 2 else "male", emotion) for clip, actor, emotion in clips]
        csv.writer(file).writerows([("clip", "actor", "gender", "emotion"), *rows])
    for name, strength in (("speech", 2.0), ("face", 1.0)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            write = csv.writer(file).writerow
            write(["clip", "fold", *CLASSES])
            for clip, actor, emotion in clips:
                shown = np.array(CLASSES) == emotion
                write([clip, ACTORS.index(actor), *(random.normal(size=len(CLASSES)) + strength * shown).round(4)])
    workflow = workflow_in(repository, folder)
    workflow.override = [
        "+corpus=[folder]",
        f"corpora.folder.table={folder}/clips.csv",
        "emotions=seven",
        "protocol=speaker_independent",
        "protocol.corpora=[folder]",
        f"protocol.folds=[{','.join(f'[folder-{actor}]' for actor in ACTORS)}]",
        *(f"{name}.posteriors={{table: {folder}/{name}.csv, scale: logits}}" for name in ("speech", "face")),
        "evaluation.samples=20",
        "evaluation.permutations=20",
        "tracking.enabled=false",
    ]
    return workflow


def run(made, *override, config=(), options=()):
    done = made.run(*options, experiment="posteriors", override=[*made.override, *override], config=config)
    assert done.returncode == 0, done.output[-5000:]
    return done


def published(made, grid):
    """Place of each published cell → the time of its provenance."""
    files = (made / f"reports/{grid}").glob("*/provenance.json")
    return {file.parent.name: file.stat().st_mtime_ns for file in files}


def rows_in(path):
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def rows_of(output):
    """Kind of stage → the numbers of its row: in all cells, distinct, current, stale, to run."""
    lines = [line.split() for line in output[output.index("in all cells") :].splitlines()[1:]]
    return {words[0]: [int(word) for word in words[1:6]] for words in lines[: lines.index([])]}


def test_one_cell_more_costs_one_cell_and_places_stay(made):
    first = run(made, "fusion.weights.speech=0.5,1", config=["baseline=fusion.weights.speech=1"])
    assert "experiment posteriors: 2 cells" in first.stderr and "  baseline: fusion.weights.speech=1\n" in first.stderr
    assert rows_of(first.stderr)["fusion"] == [2, 2, 0, 0, 2] and "estimate: unknown" in first.stderr
    assert "in all cells" not in first.stdout
    before, results = published(made, "posteriors"), set(made.folder.glob("results/fusion/*"))
    assert len(before) == len(results) == 2
    second = run(made, "fusion.weights.speech=0.5,0.7,1")
    assert rows_of(second.stderr)["fusion"] == [3, 3, 2, 0, 1]
    assert rows_of(second.stderr)["posteriors"] == [6, 2, 2, 0, 0] and "estimate: about " in second.stderr
    after = published(made, "posteriors")
    assert len(after) == 3 and before.items() <= after.items()  # nobody wrote the two again
    assert len(set(made.folder.glob("results/fusion/*")) - results) == 1
    swept = {place: json.loads((made / f"reports/posteriors/{place}/provenance.json").read_text()) for place in after}
    weights = sorted(shown["settings"]["fusion"]["weights"]["speech"] for shown in swept.values())
    assert weights == [0.5, 0.7, 1]
    assert all(sum(shown["settings"]["fusion"]["weights"].values()) == 1 for shown in swept.values())
    dimension = run(made, "fusion.weights.speech=0.5,0.7,1 fusion.rule=linear,product", options=["-n"])
    assert rows_of(dimension.stderr)["fusion"] == [6, 6, 3, 0, 3]
    assert not [line for line in dimension.stderr.splitlines() if line.startswith("stale:")]


def test_a_command_with_seeds_has_the_tables_of_a_report_over_seeds(made):
    """Nothing is trained here, so all seeds have the same figures."""
    done = run(made, "seed=0,1")
    folder = made / "reports/posteriors"
    rows = rows_in(folder / "seeds.csv")
    whole = [row for row in rows if (row["gender"], row["emotion"]) == ("all", "all")]
    over = {row["system"]: row for row in whole if row["metric"] == "accuracy"}
    cell = next(folder.glob("*/rules.csv")).parent
    rules = {row["rule"]: row for row in rows_in(cell / "rules.csv")}
    assert set(over) == set(rules) and {"speech", "face", "linear"} < set(rules)
    for name, row in over.items():
        assert float(row["mean"]) == pytest.approx(float(rules[name]["accuracy"])), name
        assert (row["seeds"], row["clips"], row["actors"], row["label"]) == ("2", "84", "6", rules[name]["label"])
        assert float(row["deviation"]) == 0 and float(row["low"]) < float(row["mean"]) < float(row["high"])
    for metric, has_interval in (("macro_f1", 0), ("log_loss", 1), ("brier", 1), ("calibration_error", 0)):
        found = {row["system"]: row for row in whole if row["metric"] == metric}
        assert set(found) == set(rules)
        for name, row in found.items():
            assert float(row["mean"]) == pytest.approx(float(rules[name][metric])), (name, metric)
            assert bool(row["low"] and row["high"]) == bool(has_interval)
    for table in ("table1", "table2"):
        one, several = ({row["emotion"]: row for row in rows_in(at / f"{table}.csv")} for at in (cell, folder))
        assert list(one) == list(several) and len(one) == 9
        accuracies = [name for name in one["all"] if name.endswith("_accuracy")]
        assert len(accuracies) == (3 if table == "table1" else 6)
        for emotion, row in one.items():
            for name in accuracies:
                mean = float(several[emotion][name.removesuffix("accuracy") + "mean"])
                assert mean == pytest.approx(float(row[name])), (emotion, name)
        assert "standard deviation over 2 seeds" in (folder / f"{table}.md").read_text()
    assert "standard deviation 0.00 points over 2 seeds" in done.output
    page = (folder / "grid.html").read_text()
    assert "Rules and modalities over seeds" in page and "By emotion and gender over seeds" in page
    again = run(made, "fusion.weights.speech=0.5,0.7")
    assert not any((folder / name).exists() for name in ("seeds.csv", "table1.csv", "table2.md"))
    # the headline begins with the rule that other folds have chosen, with one seed too; and nothing is drawn at random
    chosen = rules["chosen"]
    assert f"fusion ({chosen['label']}) {percentage(float(chosen['accuracy']))} % [" in again.output
    assert "another seed may change" not in again.output


def test_an_ablation_of_a_user_has_a_folder_of_its_own(made):
    file = made.folder / "mine.yaml"
    file.write_text(
        "overrides: fusion.rule=linear,product,maximum fusion.weights.speech=0.5,0.7\n"
        "exclude: [fusion.rule=maximum]\nbaseline: {fusion.rule: product, fusion.weights.speech: 0.5}\n"
    )
    done = run(made, config=[f"ablation={file}"], options=["-n"])
    assert "ablation mine, experiment posteriors: 4 cells (2 excluded)" in done.stderr
    assert "  baseline: fusion.rule=product fusion.weights.speech=0.5\n" in done.stderr
    assert "results/reports/mine/" in done.stdout and "results/reports/posteriors/" not in done.stdout


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (["ablation=backbone"], "ablation=backbone needs face.network.kind=backbone"),
        (["ablation=rules,weights"], "a command runs one ablation"),
        (["ablation=nonsense"], "conf/ablation/ has no nonsense"),
        (["baseline=seed=1"], "nothing is swept, so there is only one cell"),
        (["ablations=rules"], "the settings are experiment=…"),
    ],
)
def test_what_is_wrong_with_a_grid_is_told_before_any_job(made, config, told):
    done = made.run("-n", experiment="posteriors", override=made.override, config=config)
    assert done.returncode != 0 and told in done.output and "Traceback" not in done.output
