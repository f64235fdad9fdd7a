"""The summary of a grid as files: what the tables say, their order, and what is left out."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.evaluation.grid.summarise import summarise
from emofusion.reporting.grid.files import FILES
from emofusion.reporting.grid.write import write_grid
from emofusion.reporting.numbers import points


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


@pytest.fixture
def written(maker, tmp_path):
    grid = maker.grid()
    write_grid(tmp_path / "out", grid)
    return grid, tmp_path / "out"


def test_every_file_is_written_and_the_same_grid_gives_the_same_bytes(written, tmp_path):
    grid, out = written
    assert {path.name for path in out.iterdir()} == set(FILES)
    write_grid(tmp_path / "again", grid)
    assert all((out / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in FILES)


def test_settings_have_what_varies_and_their_differences_from_the_baseline(written):
    grid, out = written
    table = read(out, "settings")
    assert table.columns[:3].tolist() == ["speech", "fusion.rule", "baseline"]
    assert not {"face", "seed", "fusion.weights.speech", "protocol", "face_accuracy"} & set(table)
    levels = [["cnn1d", "linear"], ["cnn1d", "product"], ["lstm", "linear"], ["lstm", "product"]]
    assert table[["speech", "fusion.rule"]].to_numpy().tolist() == levels and (table["seeds"] == 2).all()
    assert table["baseline"].tolist() == [True, False, False, False]
    found = summarise(
        {cell.name: cell.factors for cell in grid.cells}, {cell.name: cell.fused for cell in grid.cells},
        grid.baseline, ["seed"], grid.evaluation,
    )  # fmt: skip
    assert table["accuracy"].tolist() == pytest.approx(found.means["accuracy"].tolist())
    tests = read(out, "tests")
    assert tests["measure"].tolist() == ["accuracy"] * 3 + ["unweighted_average_recall"] * 3
    shown = table[~table["baseline"]].merge(tests[tests["measure"] == "accuracy"], on=["speech", "fusion.rule"])
    assert shown["difference_x"].tolist() == shown["difference_y"].tolist() == tests["difference"][:3].tolist()
    assert shown["p_max_t_x"].tolist() == shown["p_max_t_y"].tolist() and (shown["p_max_t_x"] >= shown["p_x"]).all()
    baseline = table.loc[table["baseline"], "accuracy"].item()
    assert shown["difference_x"].tolist() == pytest.approx((shown["accuracy"] - baseline).tolist())
    assert read(out, "variance")[["seed_variance", "actor_deviation"]].notna().all(axis=None)


@pytest.mark.parametrize("skills", [(0.4, 0.8, 1.6), (1.6, 0.8, 0.4)])
def test_rows_have_the_order_of_the_command_behind_the_baseline_whatever_the_accuracies_are(maker, tmp_path, skills):
    speech = dict(zip(("b", "c", "a"), skills, strict=True))
    grid = maker.grid(speech=speech, rules=("product", "linear"), seeds=("1", "0"), baseline=6)
    write_grid(tmp_path / "out", grid)
    names, first = ["speech", "fusion.rule"], ["c", "linear"]
    others = [["b", "product"], ["b", "linear"], ["c", "product"], ["a", "product"], ["a", "linear"]]
    settings = read(tmp_path / "out", "settings")
    assert settings[names].to_numpy().tolist() == [first, *others]
    assert settings["baseline"].tolist() == [True] + [False] * 5
    accuracies = settings.groupby("speech")["accuracy"].mean()
    assert (accuracies["a"] > accuracies["b"]) == (skills[2] > skills[0])
    cells = read(tmp_path / "out", "cells")
    assert cells[[*names, "seed"]].to_numpy().tolist() == [[*one, seed] for one in (first, *others) for seed in (1, 0)]
    for name, expected in (("tests", others), ("variance", [first, *others])):
        rows = read(tmp_path / "out", name)[["measure", *names]].to_numpy().tolist()
        assert rows == [[m, *one] for m in ("accuracy", "unweighted_average_recall") for one in expected], name


def test_cells_stand_with_their_settings_and_name_their_reports(written, maker):
    grid, out = written
    table, settings = read(out, "cells"), read(out, "settings")
    names = ["speech", "fusion.rule"]
    assert table[names].drop_duplicates().to_numpy().tolist() == settings[names].to_numpy().tolist()
    for _, rows in table.groupby(names):
        assert rows["seed"].tolist() == [0, 1]
    cells = {cell.name: cell for cell in grid.cells}
    for row in table.to_dict("records"):
        first = pd.read_csv(cells[row["cell"]].folder / "table1.csv").iloc[0]
        assert row["accuracy"] == pytest.approx(first["fusion_accuracy"])
        assert row["speech_accuracy"] == first["speech_accuracy"] and row["report"] == cells[row["cell"]].report
    assert "face_accuracy" not in table and "face_accuracy" not in settings  # the same for every cell


def test_means_by_two_factors_and_interactions_are_one_table(written):
    table = read(written[1], "interactions")
    assert len(table) == 2 * 4 and table["difference"].notna().sum() == 2
    assert set(table["settings"]) == {1}
    effects = read(written[1], "effects")
    assert effects["level"].tolist() == ["lstm", "product"] * 2 and set(effects["pairs"]) == {2}


def test_the_basis_and_warnings_stand_where_they_differ(maker, tmp_path):
    grid = maker.grid(rules=("linear",), seeds=("0",))
    leaking = replace(grid.cells[1], folder=tmp_path / "leaks")
    leaking.folder.mkdir()
    table = pd.read_csv(grid.cells[1].folder / "table1.csv").assign(protocol="random_clips", leaks_speakers=True)
    table.to_csv(leaking.folder / "table1.csv", index=False)
    told = {"warnings": ["WARNING: it leaks."], "devices": {"speech": ["NVIDIA H200"]}}
    (leaking.folder / "summary.json").write_text(json.dumps(told))
    factors = [{"protocol": level, "speech": level} for level in ("one", "two")]
    cells = [replace(cell, factors=f) for cell, f in zip([grid.cells[0], leaking], factors, strict=True)]
    write_grid(tmp_path / "out", replace(grid, cells=cells))
    settings = read(tmp_path / "out", "settings").set_index("speech")
    assert settings["protocol_of_report"].to_dict() == {"one": "speaker_independent", "two": "random_clips"}
    assert settings["leaks_speakers"].to_dict() == {"one": False, "two": True} and "data" not in settings
    about = json.loads((tmp_path / "out" / "grid.json").read_text())
    # the factor protocol is not shown a second time as what the reports say of it
    store = json.loads((tmp_path / "out" / "grid.html").read_text().split('id="store">')[1].split("</script>")[0])
    for name in ("settings", "cells"):
        titles = [column["title"] for column in store["tables"][name]["columns"]]
        assert titles.count("protocol") == 1 and titles.count("protocol of report") == 1
    assert about["warnings"] == ["WARNING: it leaks. (This holds for 1 of 2 cells.)"]
    devices = "Speech was trained on different devices (CPU, NVIDIA H200)."
    assert any(note.startswith(devices) for note in about["notes"])
    page = (tmp_path / "out" / "grid.html").read_text()
    assert "WARNING: it leaks." in page and "To pick the most accurate of them is a choice on test clips" in page


def test_facts_count_what_differs_and_name_what_is_not_compared(written, maker, tmp_path):
    grid, out = written
    about = json.loads((out / "grid.json").read_text())
    tests = read(out, "tests").query("measure == 'accuracy' and p_max_t <= 0.05")
    assert about["better"] + about["worse"] == len(tests) > 0 and about["compared"] == 3
    page, hold = (out / "grid.html").read_text(), (tests["seeds_low"] > 0).sum() + (tests["seeds_high"] < 0).sum()
    assert f"{len(tests)} of 3 settings differ from the baseline in accuracy: {about['better']} better" in page
    assert f"{hold} of the {len(tests)} that have several seeds in common with it also differ" in page
    effects = read(out, "effects").query("measure == 'accuracy'")
    told = [f"speech=lstm instead of cnn1d: {points(effects['difference'].iloc[0])} points ("]
    told += [f"fusion.rule=product instead of linear: {points(effects['difference'].iloc[1])} points ("]
    assert f"{(effects['p_max_t'] <= 0.05).sum()} of 2 main effects differ from 0 in accuracy" in page
    assert page.index(told[0]) < page.index(told[1])
    assert about["baseline"] == "speech=cnn1d, fusion.rule=linear" and about["notes"] == [
        note for note in about["notes"] if "set to 0" in note
    ]
    for cell in grid.cells:
        if cell.factors["speech"] == "lstm":
            table = pd.read_parquet(cell.fused)
            table.assign(clip="x" + table["clip"]).to_parquet(cell.fused, index=False)
    write_grid(tmp_path / "other", grid)
    about = json.loads((tmp_path / "other" / "grid.json").read_text())
    assert about["compared"] == 1
    assert "2 settings were not compared" in about["notes"][0]
    assert "speech=lstm, fusion.rule=linear; speech=lstm, fusion.rule=product" in about["notes"][0]


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ([True, True, True], "Every setting has one seed. Their intervals are"),
        ([True, False, True], "2 settings have one seed. Their intervals are"),
        ([False, True, False], "1 setting has one seed. Its interval is"),
        ([False, False, False], None),
    ],
)
def test_another_seed_is_spoken_of_only_where_something_is_drawn(maker, tmp_path, drawn, expected):
    grid = maker.grid(speech={"a": 0.5, "b": 0.9, "c": 1.0}, rules=("linear",), seeds=("0",))
    cells = [replace(cell, draws=draws) for cell, draws in zip(grid.cells, drawn, strict=True)]
    write_grid(tmp_path / "out", replace(grid, cells=cells))
    notes = json.loads((tmp_path / "out" / "grid.json").read_text())["notes"]
    rest = " over actors alone: another seed may change an accuracy by more than the interval says."
    assert notes == ([] if expected is None else [expected + rest])


@pytest.mark.parametrize(("same", "draws", "told"), [(True, False, True), (True, True, False), (False, False, False)])
def test_seeds_that_change_nothing_are_told(maker, tmp_path, same, draws, told):
    grid = maker.grid(speech={"a": 0.5, "b": 0.9}, rules=("linear",), seeds=("0", "1"))
    cells = [replace(cell, draws=draws) for cell in grid.cells]
    if same:  # both cells of a setting have the files of the first
        of_setting = {}
        for cell in cells:
            of_setting.setdefault(cell.factors["speech"], cell)
        cells = [replace(of_setting[cell.factors["speech"]], name=cell.name, factors=cell.factors) for cell in cells]
    write_grid(tmp_path / "out", replace(grid, cells=cells))
    notes = json.loads((tmp_path / "out" / "grid.json").read_text())["notes"]
    beginning = "In 2 of 2 settings with several cells (seed), nothing is drawn at random and all cells have the same"
    assert any(note.startswith(beginning) for note in notes) == told


def test_a_factor_that_changes_nothing_is_told(maker, tmp_path):
    """The product with equal weights has no weights: their levels are one result. For the other rule they are two."""
    rules, weights = ("product_equal", "linear"), (0.2, 0.7)
    cells = []
    for rule in rules:
        for weight in weights:
            members = {"speech": maker.posteriors(1, 0.5), "face": maker.posteriors(7, 0.9)}
            shares = {"speech": 0.5 if rule == "product_equal" else weight}
            made = "product" if rule == "product_equal" else rule
            factors = {"fusion.rule": rule, "fusion.weights.speech": f"{weight:g}"}
            cells.append(maker.cell(members, made, shares | {"face": 1 - shares["speech"]}, factors))
    grid = maker.grid(rules=("linear",), seeds=("0",))
    for chosen, factor in ((cells[:2], "fusion.weights.speech"), (cells, None)):
        write_grid(tmp_path / "out", replace(grid, cells=chosen, baseline=chosen[0].name, replicates=[]))
        notes = json.loads((tmp_path / "out" / "grid.json").read_text())["notes"]
        told = [note for note in notes if "no effect in these cells" in note]
        assert len(told) == (factor is not None)
        assert factor is None or told[0].startswith(f"The figures are the same at all levels of {factor}, ")


def test_a_report_that_does_not_fit_its_predictions_or_is_not_whole_is_refused(maker, tmp_path):
    grid = maker.grid()
    path = grid.cells[0].folder / "table1.csv"
    table = pd.read_csv(path)
    table.assign(fusion_accuracy=0.123).to_csv(path, index=False)
    with pytest.raises(EmofusionError, match=r"shows an accuracy of 0.123000, its fused predictions have"):
        write_grid(tmp_path / "out", grid)
    path.unlink()
    with pytest.raises(EmofusionError, match=f"the report of the cell {grid.cells[0].name} in .* is not complete"):
        write_grid(tmp_path / "out", grid)


def test_one_modality_and_only_seeds_have_empty_tables_and_figures(maker, tmp_path):
    cells = [
        maker.cell({"speech": maker.posteriors(seed, 1)}, "linear", {"speech": 1.0}, {"seed": str(seed)})
        for seed in range(3)
    ]
    grid = replace(maker.grid(rules=("linear",), seeds=("9",)), cells=cells, baseline=cells[0].name)
    write_grid(tmp_path / "out", grid)
    settings = read(tmp_path / "out", "settings")
    assert (
        len(settings) == 1 and settings["seeds"].item() == 3 and settings["interval_over"].item() == "seeds and actors"
    )
    assert all(read(tmp_path / "out", name).empty for name in ("tests", "effects", "interactions"))
    page = (tmp_path / "out" / "grid.html").read_text()
    assert "the only setting" in page and 'id="slider"' not in page
    # in place of pictures and tables without rows, a sentence says why
    assert not any(
        f'id="{kind}-{name}"' in page for kind in ("table", "figure") for name in ("effects", "interactions")
    )
    assert 'id="table-tests"' not in page and 'href="effects.png"' not in page and 'href="curves.png"' not in page
    assert "There is one setting, so there are no main effects and no interactions." in page
    assert "There is one setting, so nothing is compared with the baseline." in page


def test_the_interactions_of_one_factor_have_no_picture(maker, tmp_path):
    write_grid(tmp_path / "out", maker.grid(rules=("linear",), seeds=("0",)))
    page = (tmp_path / "out" / "grid.html").read_text()
    assert 'id="figure-effects"' in page and 'id="table-tests"' in page and 'href="effects.png"' in page
    assert 'id="figure-interactions"' not in page and 'href="interactions.png"' not in page


def test_a_thousand_weights_fit_into_five_megabytes(maker, tmp_path):
    grid = maker.grid(speech={"cnn1d": 1.0}, rules=("linear",), seeds=("0",), weights=(0.2, 0.5))
    cells = []
    for number in range(1000):
        cell = grid.cells[number % 2]
        factors = {"fusion.weights.speech": f"{number / 999:.4f}"}
        cells.append(replace(cell, name=f"fusion.weights.speech={number / 999:.4f}", factors=factors))
    write_grid(tmp_path / "out", replace(grid, cells=cells, baseline=cells[500].name))
    size = sum((tmp_path / "out" / name).stat().st_size for name in FILES)
    assert size < 5e6
    store = (tmp_path / "out" / "grid.html").read_text().split('id="store">')[1].split("</script>")[0]
    assert len(json.loads(store)["curves"]) == 1 and len(json.loads(store)["tables"]["settings"]["rows"]) == 1000


def test_the_page_has_the_ablations_question_and_counts_what_it_leaves_out(maker, tmp_path):
    asked = {"title": "Which network?", "question": "Is one worth more?", "experiment": "demo", "excluded": 2}
    write_grid(tmp_path, maker.grid(name="networks", **asked))
    page = (tmp_path / "grid.html").read_text(encoding="utf-8")
    assert "<h1>Which network?</h1>" in page and "Is one worth more?" in page
    assert "emofusion grid · demo · networks" in page and "The ablation leaves out 2 cells." in page
