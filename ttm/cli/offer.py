"""What is missing is offered, to a person who can answer."""

from __future__ import annotations

import os

from ttm.cli import output
from ttm.config import Config
from ttm.errors import ModelMissing, RuntimeMissing
from ttm.models.place import amount
from ttm.models.registry import entry_of

YES = ("y", "yes")


def accepted(missing: ModelMissing | RuntimeMissing, config: Config) -> bool:
    """Offer to bring what is missing; whether it is here, and the request can go on.

    Nothing is asked unless stdin and stderr are both terminals. Raises what bringing it raises.
    """
    if not (os.isatty(0) and output.progress_wanted()):
        return False
    if isinstance(missing, ModelMissing):
        return bool(missing.model) and _model_accepted(missing, config)
    return _runtime_accepted(missing, config)


def runtime_offered(name: str, config: Config) -> None:
    """Say that a model cannot speak before the neural runtime is here, where that is so, and offer
    to stage it. Raises what staging raises."""
    from ttm.errors import ModelError, UsageError
    from ttm.narration.opening import find_model, require_runtime

    try:
        require_runtime(find_model(name, config)[1], config)
    except RuntimeMissing as missing:
        if not accepted(missing, config):
            output.note(missing.sentence + ".")
    except (ModelError, UsageError):
        return  # `ttm say` has the sentence for a model that cannot speak at all


def _model_accepted(missing: ModelMissing, config: Config) -> bool:
    from ttm.cli.pulling import bring

    output.note(f"{missing.what}.")
    if not _agreed(f"Fetch it now{_size(missing.model)}? [y/N]"):
        return False
    bring(missing.model, config)
    return True


def _runtime_accepted(missing: RuntimeMissing, config: Config) -> bool:
    from ttm.cli.runtime import staged
    from ttm.narration.opening import runtime_root
    from ttm.narration.provision import wish
    from ttm.runtime.environment import Place
    from ttm.runtime.staging import plan

    flavour = plan(Place(runtime_root(config)), wish(config)).flavour
    fetched = f"about {flavour.fetched} MB, for {flavour.name}"
    output.note(f"{missing.what}.")
    if missing.model:
        question = f"Run `ttm runtime stage --model {missing.model}` now? It fetches {fetched}, "
        question += f"and the model{_size(missing.model)}. [y/N]"
    else:
        question = f"Run `ttm runtime stage` now? It fetches {fetched}, "
        question += f"and takes {flavour.kept} MB of the disk. [y/N]"
    if not _agreed(question):
        return False
    if not staged(config, wish(config))["ready"]:
        return False
    if missing.model:
        from ttm.cli.pulling import bring

        bring(missing.model, config)
    return True


def _size(model: str) -> str:
    entry = entry_of(model)
    return f" ({amount(entry.download)})" if entry else ""


def _agreed(question: str) -> bool:
    return output.ask(question).casefold() in YES
