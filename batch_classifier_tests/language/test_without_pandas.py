"""Training starts without pandas, and nobody else goes without it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from batch_classifier.language.without_pandas import without_pandas

_TRAINING = """
import sys
import numpy as np
from scipy.sparse import eye
from batch_classifier.language.logistic_regression import fit
print(fit(eye(4, format="csr"), np.array([0, 0, 1, 1])).classes, "pandas" in sys.modules)
import pandas
print(pandas.DataFrame({"a": [1, 2]}).a.sum())
"""


def test_training_needs_no_pandas_and_who_wants_it_later_gets_it() -> None:
    done = subprocess.run([sys.executable, "-c", _TRAINING], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[0 1] False", "3"]


def test_another_thread_finds_pandas_meanwhile() -> None:
    before = list(sys.meta_path)
    with without_pandas(), ThreadPoolExecutor(1) as others:
        hidden = sys.meta_path[0]
        with pytest.raises(ModuleNotFoundError):
            hidden.find_spec("pandas", None)
        assert others.submit(hidden.find_spec, "pandas", None).result() is None
        assert hidden.find_spec("numpy", None) is None
    assert sys.meta_path == before
