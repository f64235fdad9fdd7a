"""Librosa's compiled functions are made by one process at a time (numba issue 10128: a segmentation fault)."""

import os
import subprocess
import sys

WATCHED = """
import subprocess, sys

LOCKED = '''
import filelock, sys
try:
    filelock.FileLock(sys.argv[1], timeout=0).acquire()
except filelock.Timeout:
    print("locked")
'''

def state(path):
    return subprocess.run([sys.executable, "-c", LOCKED, path], capture_output=True, text=True).stdout.strip()

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("librosa", "librosa.core.pitch", "librosa.util.utils"):
            print(name, state(sys.modules["emofusion.features.common.sound.compiled"]._LOCK))

sys.meta_path.insert(0, Watch())
import emofusion.features.acoustic.compute
print("after", state(sys.modules["emofusion.features.common.sound.compiled"]._LOCK) or "free")
"""


def test_librosa_is_imported_by_one_process_at_a_time(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # a lock that no other test takes
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, env=environment, check=True)
    lines = done.stdout.splitlines()
    assert sorted(lines[:-1]) == ["librosa locked", "librosa.core.pitch locked", "librosa.util.utils locked"]
    assert lines[-1] == "after free"
