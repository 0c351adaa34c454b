"""Whether a template is so plain that nothing it does can take long: text, names, and loops over what the prompt lists.

Most templates are. What else Jinja can do (calls, macros, arithmetic, assignments) has no bound that could be told beforehand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import nodes

from batch_classifier.prompts.rendering import environment

# Templates and their output beyond this are left to a process of their own; the prompts of the sample data are at 20,000.
_MOST_CHARACTERS = 2_000_000
_LONGEST_TEMPLATE = 50_000
_MOST_NODES = 2_000
_DEEPEST = 40

# Filters whose result is no larger than what goes in.
_FILTERS = {
    *("capitalize", "count", "default", "d", "first", "join", "last", "length", "list", "lower", "map", "title"),
    *("trim", "upper"),
}
_HARMLESS = (
    *(nodes.And, nodes.Compare, nodes.CondExpr, nodes.Const, nodes.Getattr, nodes.If, nodes.Keyword, nodes.Name),
    *(nodes.Not, nodes.Operand, nodes.Or, nodes.Output, nodes.Slice, nodes.Template, nodes.TemplateData, nodes.Test),
)
_TESTS = {"defined", "undefined", "none", "string", "eq", "equalto", "ne", "in", "true", "false"}


def is_plain(instructions: str, variables: Mapping[str, Any]) -> bool:
    """Whether rendering these instructions with these variables is sure to be quick and small."""
    if len(instructions) > _LONGEST_TEMPLATE:
        return False
    try:
        template = environment().parse(instructions)
        return _Measure(variables).characters(template) <= _MOST_CHARACTERS
    except (jinja2.TemplateError, RecursionError, ValueError):
        # What is wrong is told by whoever renders it.
        return False


class _Measure:
    """Counts what a template can put out at most; what is not plain counts as without end."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        categories: Sequence[Mapping[str, Any]] = variables.get("categories") or ()
        # The most that a name can put out.
        self.sizes = {name: len(repr(value)) for name, value in variables.items()} | {"loop": 100}
        self.largest_category = max((len(repr(category)) for category in categories), default=0)
        self.turns = {
            "categories": len(categories),
            "examples": max((len(category["examples"]) for category in categories), default=0),
        }
        self.nodes = 0

    def characters(self, node: nodes.Node, depth: int = 0) -> float:
        """The most that this node can put out, in characters."""
        self.nodes += 1
        if self.nodes > _MOST_NODES or depth > _DEEPEST or not self._is_harmless(node):
            return float("inf")
        children: float = sum(self.characters(child, depth + 1) for child in node.iter_child_nodes())
        if isinstance(node, nodes.TemplateData):
            return len(node.data)
        if isinstance(node, nodes.Const):
            return len(repr(node.value))
        if isinstance(node, nodes.Name):
            return self.sizes.get(node.name, 0)
        if isinstance(node, nodes.Filter) and node.name == "join":
            # A separator between all the characters of the longest text.
            return children * (1 + sum(self.characters(argument) for argument in node.args))
        if isinstance(node, nodes.For):
            turns: float = max(1, self._turns(node))
            return (1 + children) * turns
        return children

    def _is_harmless(self, node: nodes.Node) -> bool:
        if isinstance(node, nodes.Name):
            return node.ctx != "load" or node.name in self.sizes
        if isinstance(node, nodes.Filter):
            # `map` takes the name of any other filter as its argument.
            takes_a_filter = node.name == "map" and bool(node.args)
            return node.name in _FILTERS and not takes_a_filter and not node.dyn_args and not node.dyn_kwargs
        if isinstance(node, nodes.Test):
            return node.name in _TESTS
        if isinstance(node, nodes.Getitem):
            return isinstance(node.arg, nodes.Const | nodes.Slice)
        if isinstance(node, nodes.For):
            return self._is_loop_over_a_list(node)
        return isinstance(node, _HARMLESS)

    def _is_loop_over_a_list(self, node: nodes.For) -> bool:
        """Whether a loop goes over the categories or a category's examples; its variable is known from here on."""
        if node.recursive or not isinstance(node.target, nodes.Name):
            return False
        name = node.target.name
        self.sizes[name] = max(self.sizes.get(name, 0), self.largest_category)
        return self._turns(node) is not None

    def _turns(self, node: nodes.For) -> Any:
        listed = node.iter.node if isinstance(node.iter, nodes.Getitem) else node.iter
        if isinstance(listed, nodes.Name) and listed.name == "categories":
            return self.turns["categories"]
        if isinstance(listed, nodes.Getattr) and listed.attr == "examples":
            return self.turns["examples"]
        return None
