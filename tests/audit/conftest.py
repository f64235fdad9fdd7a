"""The paper's own tables, and tables of papers that do not exist, made from counts that are known."""

from fractions import Fraction

import pytest
import yaml

from emofusion.audit.rounding import rounded


@pytest.fixture(scope="session")
def paper(repository) -> dict:
    return yaml.safe_load((repository / "conf" / "published" / "paper.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def printed():
    """A function that makes tables from counts: (group, emotion) → (clips, column → correct)."""

    def make(counts: dict, decimals: int = 2, unit: str = "percent") -> dict:
        scale = {"percent": 100, "fraction": 1}[unit]

        def show(correct: int, clips: int) -> float:
            return float(rounded(Fraction(correct, clips), decimals, scale))

        node: dict = {"unit": unit, "decimals": decimals, "table1": {}, "table2": {}}
        emotions: dict = {}
        for (group, emotion), (clips, columns) in counts.items():
            row = {column: show(correct, clips) for column, correct in columns.items()}
            node["table2"].setdefault(group, {})[emotion] = row
            emotions.setdefault(emotion, []).append((clips, columns))
        for emotion, parts in emotions.items():
            total = sum(clips for clips, _ in parts)
            columns = parts[0][1]
            node["table1"][emotion] = {c: show(sum(correct[c] for _, correct in parts), total) for c in columns}
        return node

    return make
