"""A run, and a run of another file that reuses its answers, for a package that a test has given one column more.

`python -m batch_classifier_tests.support.one_more_column <home>`, with the changed package first on PYTHONPATH, prints as
JSON what both runs left behind.
"""

import json
import sys
from pathlib import Path

import dagster as dg

from batch_classifier_tests.support.outcomes import failure_of, metadata_of
from batch_classifier_tests.support.project import EVERYTHING, Project
from batch_classifier_tests.support.scripted_inference import Reply, ScriptedInference, by_keyword

ROWS = [{"id": "A", "text": "I was charged twice", "novelty": "mine"}, {"id": "B", "text": "It is broken"}]


def reply(text: str) -> Reply:
    """An answer to the first text, none to the other."""
    return {"error": {"errorCode": 500}} if "broken" in text else by_keyword(text)


def main() -> None:
    """Run both files, and print what is to be looked at."""
    home = Path(sys.argv[1])
    with dg.DagsterInstance.ephemeral() as instance:
        inference = ScriptedInference(home, reply)
        project = Project(home, inference, instance)
        project.set_prompt(results=["json"])
        found = {}
        for name in ("first.csv", "second.csv"):
            project.drop(name, ROWS)
            result = project.make(name, *EVERYTHING)
            assert result.success, failure_of(result)
            rows = project.rows("classifications", name)
            (file,) = project.home.glob(f"output_data/**/{name.removesuffix('.csv')}.json")
            found[name] = {
                "rows": rows,
                "preview": metadata_of(result, "classifications")["preview"],
                "results": json.loads(file.read_text(encoding="utf-8")),
            }
        print(json.dumps({"asked": inference.asked, **found}, default=str))


if __name__ == "__main__":
    main()
