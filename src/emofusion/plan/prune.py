"""List the results that no experiment needs, and delete them on request."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from emofusion.plan.plan_file import PlanFile
from emofusion.plan.shared_files import unneeded_files
from emofusion.plan.stage import KINDS


def prune(plans: Sequence[Path], results: Path, delete: bool) -> list[str]:
    """List the results that none of the plans needs, with their sizes, and delete them if `delete` is true.

    Args:
        plans: files of plans. Every result that one of them needs is kept.
        results: the folder of the results. Published reports, logs and tracked runs are never touched.
        delete: whether to delete the listed results.

    Returns:
        Lines of text: one for each folder or file that was deleted, or would be, and a summary.
    """
    needed = {stage for plan in plans for stage in PlanFile(plan).stages}
    unneeded = [
        folder
        for kind in KINDS
        for folder in sorted((results / kind).glob("*"))
        if folder.is_dir() and f"{kind}/{folder.name}" not in needed
    ]
    kept_files = {path.resolve() for path in [*plans, results / "plans" / "digests.sqlite"]}
    plan_files = sorted([*(results / "plans").glob("*.sqlite"), *(results / "plans").glob("*.sqlite.*.partial")])
    old_plans = [path for path in plan_files if path.resolve() not in kept_files]
    lines, total = [], 0
    for path in [*unneeded, *old_plans]:
        size = _size(path)
        total += size
        lines.append(f"{size / 1e6:10.1f} MB  {path}")
        if delete:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    outcome = "deleted" if delete else "not needed by these experiments; add delete=yes to --config to delete them"
    summary = (
        f"{len(needed)} results are needed; {len(unneeded)} others and {len(old_plans)} old plans, "
        f"{total / 1e6:.1f} MB, {outcome}"
    )
    # last, because the links of the deleted results are gone now
    for path in unneeded_files(results) if delete else []:
        path.unlink()
    return [*lines, summary]


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
