"""How the embedded MongoDB looks for documents."""

from typing import Any

from mongoeco.engines.semantic_core import compile_find_semantics

from ops.documents.embedded_mongo import _Engine
from ops.documents.quick.values import Unusual


async def plan_of(engine: _Engine, question: dict[str, Any]) -> str:
    """How SQLite looks for it. MongoDB's `explain` says the same, but checks a catalog of its own each time: 0.3 s."""
    order, most = [*question.get("sort", {}).items()], question.get("limit")
    try:
        sql, values = engine.selection("clerk", question["find"], question["filter"], order, most)
    except Unusual:
        semantics = compile_find_semantics(question["filter"], sort=order or None, limit=most)
        explanation = await engine.explain_find_semantics("clerk", question["find"], semantics)
        return f"by the engine: {explanation.details['engine_details']}"
    return str(engine._require_connection().execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
