"""SQL for the emulated Athena: parsed and checked as Athena's, then run by DuckDB.

Refused, because DuckDB would take it and Trino does not: `::`, `ilike`, `qualify`, `* exclude`, `* replace`, lists in
brackets, a query that starts with FROM, functions that sqlglot does not know, aliases in WHERE, GROUP BY and HAVING,
and comparing text with numbers or times. Other statements than SELECT are refused because they are not emulated.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from moto.core.exceptions import JsonRESTError
from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.tokens import Token, TokenType

from batch_classifier_tests.emulators.athena_results import AthenaResult, read_columns

if TYPE_CHECKING:
    from batch_classifier_tests.emulators.athena_tables import ReadTable

LONGEST_QUERY_BYTES = 262_144
_FOREIGN_TOKENS = {TokenType.DCOLON, TokenType.ILIKE, TokenType.QUALIFY}
# After one of these a bracket takes an element; anywhere else it would be a list of DuckDB's.
_BEFORE_INDEX = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.ARRAY}
_TURN = threading.Lock()
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


class QueryFailed(Exception):
    """The query ends as FAILED, for this reason."""

    def __init__(self, reason: str, is_retryable: bool = False) -> None:
        super().__init__(reason)
        self.is_retryable = is_retryable


def parse(sql: str) -> exp.Expr:
    """The query's tree; a text that Athena's parser refuses is an InvalidRequestException at once, as in Athena."""
    if len(sql.encode()) > LONGEST_QUERY_BYTES:
        raise _refused(f"queryString has more than {LONGEST_QUERY_BYTES} bytes")
    try:
        tokens = sqlglot.tokenize(sql, read="athena")
        statements = [statement for statement in sqlglot.parse(sql, read="athena") if statement is not None]
    except SqlglotError as error:
        raise _refused(str(error).splitlines()[0]) from error
    _refuse_foreign_tokens(tokens)
    if len(statements) != 1:
        raise _refused("Only one sql statement is allowed")
    (tree,) = statements
    if not isinstance(tree, exp.Query):
        raise _refused("the emulator runs SELECT only")
    _refuse_foreign_stars(tree)
    return tree


def _refuse_foreign_tokens(tokens: Sequence[Token]) -> None:
    for before, token in zip([None, *tokens], tokens, strict=False):
        starts = before is None or before.token_type == TokenType.L_PAREN
        is_list = token.token_type == TokenType.L_BRACKET and (before is None or before.token_type not in _BEFORE_INDEX)
        if token.token_type in _FOREIGN_TOKENS or is_list or (starts and token.token_type == TokenType.FROM):
            raise _refused(f"line {token.line}:{token.col}: mismatched input '{token.text}'")


def _refuse_foreign_stars(tree: exp.Expr) -> None:
    for star in tree.find_all(exp.Star):
        if any(star.args.values()):
            raise _refused("mismatched input after '*'")


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """DuckDB for all queries, one at a time: to start it takes longer than most of them."""
    return duckdb.connect(config={"threads": 1})


def run(tree: exp.Expr, tables: "Sequence[ReadTable]", database: str | None) -> AthenaResult:
    """Run a parsed query over these tables; raises QueryFailed in Athena's words where they are known."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables:
        schema.setdefault(table.database, {})[table.name] = table.column_types
    _check_columns_and_types(tree, schema, database)
    databases = {table.database for table in tables} | ({database} if database is not None else set())
    with _TURN, _engine().cursor() as connection:
        try:
            for name in databases:
                connection.execute(f'create schema "{name}"')
            for place, table in enumerate(tables):
                connection.register(f"relation_{place}", table.rows)
                connection.execute(f'create view "{table.database}"."{table.name}" as select * from relation_{place}')
            if database is not None:
                connection.execute(f"set schema = '{database}'")
            relation = connection.execute(tree.sql(dialect="duckdb"))
            columns = read_columns(relation.description or [])
            rows = relation.fetchall()
        except duckdb.Error as error:
            raise QueryFailed(f"GENERIC_USER_ERROR: {str(error).splitlines()[0]}") from error
        finally:
            connection.execute("set schema = 'main'")
            for name in databases:
                connection.execute(f'drop schema if exists "{name}" cascade')
    # Athena promises no order without ORDER BY; here it is never the order of writing.
    return AthenaResult(columns, rows if tree.args.get("order") else rows[::-1])


def _check_columns_and_types(tree: exp.Expr, schema: dict, database: str | None) -> None:
    for function in tree.find_all(exp.Anonymous):
        raise QueryFailed(f"FUNCTION_NOT_FOUND: Function '{function.name.lower()}' not registered")
    try:
        qualified = qualify(
            tree.copy(),
            dialect="athena",
            schema=schema,
            db=database,
            expand_alias_refs=False,
            quote_identifiers=False,
        )
        typed = annotate_types(qualified, schema=schema, dialect="athena")
    except OptimizeError as error:
        raise QueryFailed(f"COLUMN_NOT_FOUND: {str(error).splitlines()[0]}") from error
    for having in typed.find_all(exp.Having):
        for column in having.find_all(exp.Column):
            if not column.table:
                raise QueryFailed(f"COLUMN_NOT_FOUND: Column '{column.name}' cannot be resolved")
    for comparison in typed.find_all(*_COMPARISONS):
        _refuse_mixed(comparison, comparison.left, comparison.right)
    for membership in typed.find_all(exp.In):
        for value in membership.expressions:
            _refuse_mixed(membership, membership.this, value)


def _refuse_mixed(comparison: exp.Expr, left: exp.Expr, right: exp.Expr) -> None:
    kinds = {_kind(left), _kind(right)}
    if len(kinds - {None}) > 1:
        types = " and ".join(str(side.type).lower() for side in (left, right))
        raise QueryFailed(f"TYPE_MISMATCH: Cannot apply operator: {types} in {comparison.sql(dialect='athena')}")


def _kind(value: exp.Expr) -> str | None:
    if value.type is None:
        return None
    if value.is_type(*exp.DataType.TEXT_TYPES):
        return "text"
    if value.is_type(*exp.DataType.NUMERIC_TYPES):
        return "number"
    return "time" if value.is_type(*exp.DataType.TEMPORAL_TYPES) else None


def _refused(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidRequestException", message)
