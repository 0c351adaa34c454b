"""What pyproject.toml has no words for: a wheel carries the repository's prompts and Dagster's two files, for `init`.

They stand in the repository once, at its root. In a checkout, editable or not, `init` takes them from there.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TEMPLATE = Path("batch_classifier", "project_template")


def template_files() -> list[Path]:
    """The files at the root that a team's own project starts with; raises SystemExit when there is no prompt among them."""
    prompts = sorted(Path("prompts").glob("*.yaml"))
    if not prompts:
        raise SystemExit("There is no prompt in prompts/; a wheel is built from the whole repository.")
    return [Path("dagster.yaml"), Path("workspace.yaml"), *prompts]


class BuildWithTemplate(build_py):
    """Builds the package, and puts the files at the root among those of the project's template."""

    def run(self) -> None:
        """Copy the package, then the template; an editable install copies nothing."""
        super().run()
        if self.editable_mode:
            return
        for source in template_files():
            target = Path(self.build_lib, TEMPLATE, source)
            self.mkpath(str(target.parent))
            self.copy_file(str(source), str(target))

    def get_source_files(self) -> list[str]:
        """What a source distribution holds, so that a wheel can be built from it too."""
        return [*super().get_source_files(), *map(str, template_files())]


setup(cmdclass={"build_py": BuildWithTemplate})
