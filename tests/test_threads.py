"""The number of threads of numerical libraries, inside and after a limit."""

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from emofusion.threads import limited_threads


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_limit_holds_inside_and_ends_after_it():
    np.eye(2) @ np.eye(2)  # the library is loaded
    with threadpool_limits(2):
        assert threads() == {2}
        with limited_threads(1):
            assert threads() == {1}
        assert threads() == {2}
