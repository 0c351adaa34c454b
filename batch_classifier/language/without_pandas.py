"""Imports that would bring pandas along for nothing, made without it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_pandas() -> Iterator[None]:
    """While it lasts, this thread finds no pandas; without effect where pandas was imported before.

    Arrow (with its first array) and scikit-learn (in sklearn.utils.fixes) import pandas where it is installed, to know its own types; that
    takes 0.3 s and 50 MB. Both go on without it, and whoever imports it later gets it all the same.
    """
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """A finder that finds no pandas in the thread that made it; others may be in the midst of importing it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(name=name)
