"""The example file, made from the declaration."""

from __future__ import annotations

from collections.abc import Iterator

from ttm.config.catalogue import NAMED, SECTIONS, Setting, every_setting, in_named
from ttm.config.values import expected, spelled

HEAD = """\
# Settings of ttm.
#
# Every setting stands here with its default. To change one, take away the # in front of it.
# A profile (ttm say -p NAME) beats this file, the environment beats a profile, options beat all.
#
#   ttm config check           finds every mistake in this file
#   ttm config show --origin   shows what applies, and why
#   ttm config set say.rate 1.2
"""

PROFILES = """\
# ---- Profiles: any of the above under a name of your own, for ttm say -p NAME

#[profiles.news.say]
#rate = 1.2
#pause = 150

#[profiles.news.engine.espeak]
#word_gap = 20
"""

NAME = "home"
"""What a named section is called in the example."""

WIDTH = 95
"""Characters that a comment may take."""


def example() -> str:
    """A file of settings with every one of them in it, commented out."""
    blocks = [HEAD]
    for section, sentence in SECTIONS.items():
        inside = [each for each in every_setting() if each.key.rpartition(".")[0] == section]
        header = f"[{section}]"
        if section in NAMED:
            inside, header = in_named(section, NAME), f"#[{section}.{NAME}]"
        blocks.append(f"# ---- {sentence}\n\n{header}\n")
        blocks += ["\n".join(_lines(each)) + "\n" for each in inside]
    return "\n".join([*blocks, PROFILES])


def _lines(setting: Setting) -> Iterator[str]:
    import textwrap

    for line in textwrap.wrap(setting.sentence, WIDTH, break_on_hyphens=False):
        yield f"# {line}"
    yield f"# Takes {expected(setting)}. Environment: {setting.variable}"
    yield f"#{setting.key.rpartition('.')[2]} = {spelled(setting.default)}"
