"""Tables 1 and 2 over seeds: against the tables of the cells, their layout, and which settings have none."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.reporting.grid.write import write_grid
from emofusion.reporting.rounding import percentage
from emofusion.reporting.wording import percent

UAR = "unweighted average recall"
ROWS = ["happy", "sad", "angry", "all", UAR]
SEEDS = ("0", "1", "2")


@pytest.fixture
def written(evaluating, tmp_path):
    """A grid of two rules with three seeds each, and the folder of its summary."""
    grid = evaluating.grid(speech={"cnn1d": 0.8}, seeds=SEEDS, baseline=3)
    write_grid(tmp_path / "out", grid)
    return grid, tmp_path / "out"


def right_of(cell, system, maker):
    """Which clips of a cell a modality or the fusion recognises, with their gender and emotion."""
    file = cell.folder.parent / "fused.parquet"
    table = pd.read_parquet(file)
    logits = table[[f"logit_{emotion}" for emotion in ("happy", "sad", "angry")]].to_numpy()
    if system != "fusion":
        seed = int(cell.factors["seed"])
        logits = maker.posteriors([seed, 5], 0.8) if system == "speech" else maker.posteriors(7, 0.7)
    return maker.clips.assign(right=logits.argmax(axis=1) == maker.truth)


def shares(cells, system, gender, emotion, maker):
    """The accuracy of each seed, or its average recall, by pandas."""
    found = []
    for cell in cells:
        clips = right_of(cell, system, maker)
        clips = clips if gender == "all" else clips[clips["gender"] == gender]
        if emotion in ("all", UAR):
            by = clips.groupby("emotion")["right"].mean()
            found.append(by.mean() if emotion == UAR else clips["right"].mean())
        else:
            found.append(clips.loc[clips["emotion"] == emotion, "right"].mean())
    return pd.Series(found)


def test_each_cell_is_the_mean_and_deviation_of_the_cells_own_figures(written, evaluating):
    grid, out = written
    first, second = (pd.read_csv(out / f"table{n}.csv") for n in (1, 2))
    for table in (first, second):
        # the baseline is the product
        assert table["fusion.rule"].tolist() == ["product"] * 5 + ["linear"] * 5
        assert table["emotion"].tolist() == ROWS * 2 and (table["seeds"] == 3).all()
        assert (table["protocol"] == "speaker_independent").all() and (table["data"] == "recordings").all()
    for rule in ("product", "linear"):
        cells = [cell for cell in grid.cells if cell.rule == rule]
        for gender, table in (("all", first), ("male", second), ("female", second)):
            prefix = "" if gender == "all" else f"{gender}_"
            rows = table[table["fusion.rule"] == rule].set_index("emotion")
            assert rows[f"{prefix}actors"].tolist() == [8 if gender == "all" else 4] * 5
            assert rows.loc[["happy", "all"], f"{prefix}clips"].tolist() == ([32, 96] if gender == "all" else [16, 48])
            for system in ("speech", "face", "fusion"):
                for emotion in ROWS:
                    each = shares(cells, system, gender, emotion, evaluating)
                    named = {name: rows.loc[emotion, f"{prefix}{system}_{name}"] for name in ("mean", "deviation")}
                    assert named["mean"] == pytest.approx(each.mean())
                    assert named["deviation"] == pytest.approx(each.std(), abs=1e-12)
                    ends = rows.loc[emotion, [f"{prefix}{system}_least", f"{prefix}{system}_most"]].tolist()
                    assert ends == pytest.approx([each.min(), each.max()])
                    assert rows.loc[emotion, f"{prefix}{system}_low"] <= each.mean()
                    assert rows.loc[emotion, f"{prefix}{system}_high"] >= each.mean()


def test_the_interval_of_the_fusion_is_that_of_the_settings_mean(written):
    out = written[1]
    first = pd.read_csv(out / "table1.csv").set_index(["fusion.rule", "emotion"])
    settings = pd.read_csv(out / "settings.csv").set_index("fusion.rule")
    for measure, emotion in (("accuracy", "all"), ("unweighted_average_recall", UAR)):
        for rule, row in settings.iterrows():
            expected = row[[measure, f"{measure}_sd", f"{measure}_low", f"{measure}_high"]].tolist()
            names = [f"fusion_{name}" for name in ("mean", "deviation", "low", "high")]
            assert first.loc[(rule, emotion), names].tolist() == pytest.approx(expected)


def test_markdown_has_the_papers_layout_with_published_values_beside(written):
    out = written[1]
    first, second = ((out / f"table{n}.md").read_text() for n in (1, 2))
    assert first.index("## Baseline: fusion.rule=product\n") < first.index("## fusion.rule=linear\n")
    head = next(line for line in first.splitlines() if line.startswith("| Emotion"))
    assert [cell.strip() for cell in head.strip("|").split("|")] == [
        "Emotion", "Clips", "Speech", "Facial expression", "Fusion", "Speech, published", "Fusion, published",
    ]  # fmt: skip
    row = pd.read_csv(out / "table1.csv").iloc[0]
    mean, deviation, low, high = row[[f"speech_{name}" for name in ("mean", "deviation", "low", "high")]]
    shown = f"{percent(mean)} ± {percentage(deviation)} [{percentage(low, 1)}, {percentage(high, 1)}]"
    line = next(line for line in first.splitlines() if line.startswith("| happy"))
    assert [cell.strip() for cell in line.strip("|").split("|")][1:3] == ["32", shown]
    assert [cell.strip() for cell in line.strip("|").split("|")][-2:] == ["61.11%", "100.00%"]
    assert "Each cell: mean ± standard deviation over 3 seeds [95% interval for new seeds and new actors" in first
    assert " Fusion: " in first.split("with each seed.")[1].splitlines()[0]
    assert "96 test clips of 8 actors with each seed." in first and "Protocol: speaker_independent." in first
    assert "The published values are from the test clips of their authors: A paper, Tables 1 and 2." in first
    head = next(line for line in second.splitlines() if line.startswith("| Emotion"))
    names = [cell.strip() for cell in head.strip("|").split("|")]
    assert names[1:6] == ["Male(clips)", "Female(clips)", "Male(Speech)", "Male(Expression)", "Male(After fusion)"]
    assert names[-1] == "Male(Expression), published"
    trained = "Trained on: Speech: demo (4 male, 5 female), over all folds; Facial expression: a model from elsewhere"
    assert trained in second and "Trained on" not in first


def test_warnings_stand_above_the_table_of_the_setting_that_they_are_about(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8}, seeds=SEEDS)
    for cell, sentences in zip(grid.cells, [["A|B."], ["A|B.", "One seed."], ["A|B."], [], [], []], strict=True):
        (cell.folder / "summary.json").write_text(json.dumps({"warnings": sentences, "devices": {}}))
    write_grid(tmp_path / "out", grid)
    baseline, other = (tmp_path / "out" / "table2.md").read_text().split("## fusion.rule=product")
    assert "**A\\|B.**" in baseline and "**One seed. (This holds for 1 of 3 cells.)**" in baseline
    assert "A\\|B" not in other


def test_seeds_with_other_training_people_have_no_sentence_on_one_of_them(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8}, rules=("linear",), seeds=SEEDS)
    path = grid.cells[1].folder / "trained.csv"
    pd.read_csv(path).assign(people=3).to_csv(path, index=False)
    write_grid(tmp_path / "out", grid)
    text = (tmp_path / "out" / "table2.md").read_text()
    assert "Who trained each modality differs between the seeds" in text and "Trained on:" not in text
    assert "## " not in text  # there is one setting


def test_settings_with_one_seed_or_on_different_clips_have_no_table_and_are_told(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8, "lstm": 0.9, "gru": 1.0}, rules=("linear",), seeds=("0", "1"))
    cells = grid.cells[:-1]  # `gru` keeps one seed
    other = cells[3]  # the second seed of `lstm`: as many clips with other names
    table = pd.read_parquet(other.fused)
    table.assign(clip="x" + table["clip"]).to_parquet(other.fused, index=False)
    write_grid(tmp_path / "out", replace(grid, cells=cells))
    assert set(pd.read_csv(tmp_path / "out" / "table1.csv")["speech"]) == {"cnn1d"}
    assert set(pd.read_csv(tmp_path / "out" / "seeds.csv")["speech"]) == {"cnn1d"}
    told = (
        "1 setting has a mean alone, without a deviation, an interval and tables over seeds, as the seeds were tested "
        "on different clips: speech=lstm."
    )
    text = (tmp_path / "out" / "table1.md").read_text()
    assert "1 setting has one seed, and so no table here." in text and told in text
    assert told in json.loads((tmp_path / "out" / "grid.json").read_text())["notes"]
    page = (tmp_path / "out" / "grid.html").read_text()
    assert told in page and "table1.md" in page and "other setting" not in page.split('aria-labelledby="seeds"')[1]


def test_a_baseline_with_one_seed_has_no_tables_on_the_page_and_others_are_named(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8, "lstm": 0.9}, rules=("linear",), seeds=("0", "1"))
    write_grid(tmp_path / "out", replace(grid, cells=grid.cells[1:], baseline=grid.cells[1].name))
    page = (tmp_path / "out" / "grid.html").read_text()
    assert 'id="table-paper_first"' not in page and "The baseline has no tables over its seeds." in page
    assert "have Tables 1 and 2 of 1 other setting." in page
    about = json.loads((tmp_path / "out" / "grid.json").read_text())
    chosen = pd.read_csv(grid.cells[1].folder / "rules.csv").set_index("rule").loc["chosen", "accuracy"]
    assert about["baseline_on_other_folds"]["mean"] == pytest.approx(chosen) and about["baseline_seeds"] == 1


def test_the_page_has_the_tables_of_the_baseline_alone(written):
    out = written[1]
    page = (out / "grid.html").read_text()
    store = json.loads(page.split('id="store">')[1].split("</script>")[0])
    first = pd.read_csv(out / "table1.csv")
    shown = store["tables"]["paper_first"]
    assert shown["caption"].endswith("over seeds of the baseline (fusion.rule=product)") and len(shown["rows"]) == 5
    titles = [column["title"] for column in shown["columns"]]
    at = titles.index("Fusion")
    for row, expected in zip(shown["rows"], first.head(5).to_dict("records"), strict=True):
        ends = [expected[f"fusion_{name}"] for name in ("mean", "deviation", "low", "high")]
        assert row[at] == pytest.approx([10_000 * end for end in ends], abs=0.51)
    assert shown["rows"][0][titles.index("Fusion, published")] == 10_000
    assert [len(table["rows"]) for name, table in store["tables"].items() if name == "paper_second"] == [5]
    assert "these tables of 1 other setting." in page
    links = page.split('class="files"')[1]
    assert all(f'href="table{n}.{kind}"' in links for n in (1, 2) for kind in ("csv", "md"))


def test_a_factor_with_the_name_of_what_a_report_says_keeps_its_levels(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8}, rules=("linear", "product"), seeds=("0", "1"))
    cells = [replace(cell, factors={"protocol": f"p-{cell.rule}", "seed": cell.factors["seed"]}) for cell in grid.cells]
    write_grid(tmp_path / "out", replace(grid, cells=cells))
    table = pd.read_csv(tmp_path / "out" / "table1.csv")
    assert table["protocol"].unique().tolist() == ["p-linear", "p-product"]
    assert table["protocol_of_report"].unique().tolist() == ["speaker_independent"]


def test_a_report_without_its_table_of_training_is_refused(evaluating, tmp_path):
    grid = evaluating.grid(speech={"cnn1d": 0.8}, rules=("linear",), seeds=SEEDS)
    (grid.cells[2].folder / "trained.csv").unlink()
    with pytest.raises(EmofusionError, match=f"the report of the cell {grid.cells[2].name} in .* is not complete"):
        write_grid(tmp_path / "out", grid)
