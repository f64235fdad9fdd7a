"""A store whose writer was killed in the middle of a transaction is taken back to before it, and used."""

import signal
import sqlite3
import subprocess
import sys

from emofusion.tracking import Tracking, check_store

WRITER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("pragma cache_size = 1")  # so that a part of the transaction is in the file already
connection.execute("begin")
connection.executemany("insert into points values (?)", [("half" * 500,) for _ in range(200)])
os.kill(os.getpid(), 9)
"""


def test_a_transaction_that_was_cut_off_keeps_no_run_from_starting(tmp_path):
    database = tmp_path / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("create table alembic_version (version text)")
        connection.execute("create table points (value text)")
        connection.execute("insert into points values ('whole')")
    connection.close()
    killed = subprocess.run([sys.executable, "-c", WRITER, str(database)])
    assert killed.returncode == -signal.SIGKILL and (tmp_path / "mlflow.db-journal").stat().st_size > 0
    check_store(Tracking(uri=f"sqlite:///{database}", experiment="demo", results=str(tmp_path), patience=1))
    with sqlite3.connect(database) as connection:
        assert connection.execute("select value from points").fetchall() == [("whole",)]
    connection.close()
