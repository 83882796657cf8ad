"""Whether a refusal is one that clients can show to their user."""

from __future__ import annotations

from ttm.conformance.check import Broken
from ttm.conformance.exchange import Answer


def refused(answer: Answer, *statuses: int) -> str:
    """Take an answer as a refusal with one of these statuses; what it says.

    Clients show `error.message` of a JSON object and nothing else; of `type`, `param` and `code`
    openai-python makes attributes of its exception. Raises Broken.
    """
    wanted = " or ".join(map(str, statuses))
    if answer.status not in statuses:
        raise Broken(f"answered with {answer.status} where {wanted} says what is wrong")
    try:
        body = answer.json()
    except ValueError:
        raise Broken(
            f"{answer.status} comes with {answer.kind or 'a body'} that is not JSON"
        ) from None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        raise Broken(f"{answer.status} comes without `error`, so that clients have nothing to show")
    message = error.get("message")
    if not isinstance(message, str) or not message.strip():
        raise Broken("`error.message` is no text")
    for name in ("type", "param", "code"):
        if not isinstance(error.get(name), str | None):
            raise Broken(f"`error.{name}` is neither text nor null")
    return f"{answer.status}: {message}"
