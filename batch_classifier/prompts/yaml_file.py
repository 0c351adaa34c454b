"""A YAML file, read within bounds: unique keys, shallow, and no larger unfolded than a prompt can be."""

from pathlib import Path
from typing import Any

import yaml

from batch_classifier.prompts.small_file import read_small_text
from batch_classifier.wording import fit_line

_DEEPEST = 30
# Ten times a large prompt; a value counts as more characters than it has, for it is the number of values that takes time.
_MOST_CHARACTERS = 2_000_000
_CHARACTERS_OF_A_VALUE = 50
_LONGEST_NUMBER = 40
_LONGEST_FAULT = 300
_TEXT = "tag:yaml.org,2002:str"
# What PyYAML says of usual slips, in the words of whoever makes them.
_EXPLAINED = {
    "mapping values are not allowed here": "a colon and a space stand in the middle of a text, where they would begin a value; "
    "put the whole text in quotes",
    "found character '\\t' that cannot start any token": "it begins with a tab; indent with spaces",
}


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises UnfitFile for one that is no small file of text, yaml.YAMLError for bad YAML."""
    return yaml.load(read_small_text(path), Loader=BoundedLoader)  # noqa: S506 (it is a safe loader)


class BoundedLoader(yaml.SafeLoader):
    """YAML's own rule that keys are unique, which PyYAML does not enforce, and an end to what a small file can unfold to.

    Characters are counted as they stand in the content: what an anchor holds counts again wherever an alias repeats it.
    Whatever else Python raises for a value (PyYAML lets a ValueError of a date through, for one) is told with its line.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        # Of the nodes that are complete; none that is a part of itself ever is.
        self._characters: dict[yaml.Node, int] = {}
        self._keys: dict[yaml.Node, str] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Count depth and characters while the file is read, before anything is made of it."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _unfit(f"it is nested more than {_DEEPEST} deep", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None:
            return None
        if not isinstance(event, yaml.AliasEvent):
            own = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
            parts = sum(self._characters[child] for child in _children(node))
            self._characters[node] = _CHARACTERS_OF_A_VALUE + own + parts
            if isinstance(index, yaml.ScalarNode):
                self._keys[node] = f"{index.value}: "
        elif node not in self._characters:
            raise _unfit(f"*{event.anchor} repeats what it is a part of", event.start_mark)
        if self._characters[node] > _MOST_CHARACTERS:
            raise _unfit(f"it unfolds to more than {_MOST_CHARACTERS:,} characters", event.start_mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Make the value of a node."""
        if isinstance(node, yaml.ScalarNode) and node.tag != _TEXT and len(node.value) > _LONGEST_NUMBER:
            raise _unfit(f"{self._keys.get(node, '')}{_shown(node)} is too long for a number", node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
            kind = str(node.tag).rpartition(":")[2]
            fault = f"{_shown(node)} cannot be read as a value of the kind {kind}; put it in quotes if it is text"
            raise _unfit(self._keys.get(node, "") + fault, node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping, unless a key stands there twice."""
        seen = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen:
                raise _unfit(f"the key {_shown(key_node)} stands there twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def yaml_fault(error: yaml.YAMLError) -> str:
    """What is wrong, and in which line."""
    mark = getattr(error, "problem_mark", None)
    problem = fit_line(str(getattr(error, "problem", None) or str(error).split("\n", 1)[0]), _LONGEST_FAULT)
    return f"line {mark.line + 1}: {_EXPLAINED.get(problem, problem)}" if mark else problem


def _unfit(fault: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, fault, mark)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def _shown(node: yaml.Node) -> str:
    value = node.value if isinstance(node, yaml.ScalarNode) else "this"
    return repr(fit_line(value, _LONGEST_NUMBER))
