"""In a server whose path this is on, and in its workers, Qwen3's checkpoints speak with a fake.

The environment's LACKING names a package that the fake is to need.
"""

import dataclasses
import os

from ttm.engine import ENGINES

ENGINES["qwen3"] = dataclasses.replace(
    ENGINES["qwen3"],
    where="ttm_checkpointed:CheckpointedEngine",
    modules=tuple(filter(None, [os.environ.get("LACKING")])),
)
