"""Results that no experiment needs: listed, and deleted on request."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from emofusion.plan.plan_file import PlanFile
from emofusion.plan.stage import KINDS


def prune(plans: Sequence[Path], results: Path, delete: bool) -> list[str]:
    """List the results that none of the plans needs, with their sizes; delete them where asked to.

    Args:
        plans: files of plans, whose results are kept.
        results: the folder of the results. Published reports, logs and tracked runs are never touched.
        delete: whether to delete.

    Returns:
        Lines that say what was, or would be, deleted.
    """
    kept = {stage for plan in plans for stage in PlanFile(plan).stages}
    unneeded = [
        folder
        for kind in KINDS
        for folder in sorted((results / kind).glob("*"))
        if folder.is_dir() and f"{kind}/{folder.name}" not in kept
    ]
    old_plans = sorted(set((results / "plans").glob("*.sqlite")) - set(plans) - {results / "plans" / "digests.sqlite"})
    lines, total = [], 0
    for path in [*unneeded, *old_plans]:
        size = (
            sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            if path.is_dir()
            else path.stat().st_size
        )
        total += size
        lines.append(f"{size / 1e6:10.1f} MB  {path}")
        if delete:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = "deleted" if delete else "not needed by these experiments; add delete=yes to --config to delete them"
    kept_line = (
        f"{len(kept)} results are needed, {len(unneeded)} and {len(old_plans)} old plans, {total / 1e6:.1f} MB, {said}"
    )
    return [*lines, kept_line]
