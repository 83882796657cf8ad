"""Settings: the file as a form, made from the declarations themselves."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from ttm import config as settings
from ttm.config import NAMED, SECTIONS, Setting, spelled
from ttm.errors import ConfigError, TtmError
from tui import sheet
from tui.messages import ConfigChanged
from tui.safe import at_home, one_line, safe
from tui.screens.page import Page
from tui.screens.question import Choice
from tui.sheet import Sheet
from tui.widgets.field import Field
from tui.widgets.rows import Column, Row, Rows
from tui.widgets.setting_pane import SettingPane
from tui.widgets.setting_rows import columns, in_sections, row_of

LOOK = 1.0
"""Seconds between two looks at whether the file is another one."""
NONE = "(none)"
"""What stands for no profile among the profiles, whose names have no brackets."""


NOTHING_FOUND = "No setting has all of these words in its name or its sentence."


class Settings(Page):
    """Every setting with its sentence, its value and where that comes from."""

    MODE = "settings"
    CSS_PATH = "settings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash,ctrl+f", "search", "Search", id="settings.search",
            tooltip="Find a setting by its name or by what it does",
        ),
        Binding(
            "u,delete", "unset", "Default", id="settings.unset",
            tooltip="Take the setting out of the file, so that its default applies",
        ),
        Binding(
            "e", "edit_file", "Editor", id="settings.editor",
            tooltip="Open the file in your own editor",
        ),
        Binding(
            "p", "profile", "Profile", id="settings.profile",
            tooltip="Lay a profile over the settings, and change that",
        ),
        Binding(
            "n", "name", "Add a name", show=False, id="settings.name",
            tooltip="Add a server, a channel: a section under a name of your own",
        ),
        Binding(
            "ctrl+r", "reread", "Read again", show=False, id="settings.reread",
            tooltip="Read the file again",
        ),
        Binding("escape", "back", "Back", show=False, id="settings.back", tooltip="To the list"),
    ]  # fmt: skip

    class Was(Message, bubble=False):
        """The file was read."""

        def __init__(self, sheet: Sheet, *, elsewhere: bool) -> None:
            super().__init__()
            self.sheet = sheet
            self.elsewhere = elsewhere

    def __init__(self) -> None:
        super().__init__()
        self._sheet: Sheet | None = None
        self._names: set[tuple[str, str]] = set()
        """Sections that were named here, and in which nothing is set yet."""
        self._writing = False
        """Whether we write the file, and have not read it since."""

    def body(self) -> ComposeResult:
        with Horizontal(id="settings-top"):
            yield Field(
                placeholder="/ search names and sentences", compact=True, id="settings-search"
            )
            yield Static("", id="settings-place", markup=False)
        yield Static("", id="settings-problems", markup=False)
        with Horizontal(id="settings-body"):
            yield Rows(Column(""), id="sections", titles=False)
            with Vertical():
                yield Rows(*columns(19), id="lines", empty=NOTHING_FOUND, titles=False)
        yield SettingPane(id="pane")

    def on_mount(self) -> None:
        config = self.ttm.config
        self._path = self.ttm.path
        self._profile = next(
            (one.where for one in config.origins.values() if one.kind == "profile"), None
        )
        self._flags = {
            key: settings.value(config, key)
            for key, one in config.origins.items()
            if one.kind == "flag"
        }
        self.query_one("#lines", Rows).focus()
        self._read()
        self.set_interval(LOOK, self._look)

    # Reading and showing.

    @work(thread=True, exclusive=True, exit_on_error=False, group="settings-read")
    def _read(self, *, elsewhere: bool = False) -> None:
        found = sheet.read(
            self._path,
            os.environ,
            profile=self._profile,
            flags=self._flags,
            names=tuple(self._names),
        )
        if not get_current_worker().is_cancelled:
            self.post_message(self.Was(found, elsewhere=elsewhere))

    def _look(self) -> None:
        if self.is_current and self._sheet:
            self._watch(self._sheet)

    @work(thread=True, exclusive=True, exit_on_error=False, group="settings-look")
    def _watch(self, known: Sheet) -> None:
        if sheet.stamp_of(known.path) != known.stamp:
            self.app.call_from_thread(self._notice)

    def _notice(self) -> None:
        """The file is another one; what we write ourselves is read afterwards anyway."""
        if not self._writing:
            self._read(elsewhere=True)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._look()

    @on(Was)
    def _show(self, event: Was) -> None:
        before, found = self._sheet, event.sheet
        self._writing = False
        self._sheet, self._profile = found, found.profile
        place = at_home(found.path)
        told = f"{place} · profile {found.profile}" if found.profile else place
        self.query_one("#settings-place", Static).update(one_line(told))
        wrong = self.query_one("#settings-problems", Static)
        wrong.set_class(bool(found.problems), "-wrong")
        if found.problems:
            head = "The settings cannot be used; until that is mended, the defaults apply."
            wrong.update(
                safe(
                    "\n".join(
                        [head, *map(at_home, found.problems), "e opens the file in your editor."]
                    )
                )
            )
        self._fill()
        self._detail()
        if found.problems and (before is None or before.problems != found.problems):
            more = len(found.problems) - 1
            self.ttm.tell(
                at_home(found.problems[0]) + (f" (and {more} more)" if more else ""), "failed"
            )
        elif before and before.problems and not found.problems:
            self.ttm.tell("The settings can be used again, and apply.", "done")
        elif event.elsewhere and before and before.stamp != found.stamp:
            self.ttm.tell(f"{place} was changed elsewhere, and was read again")
        if before and not found.problems and found.config != self.ttm.config:
            self.ttm.use(found.config)

    @on(ConfigChanged)
    def _changed(self, event: ConfigChanged) -> None:
        if self._sheet and event.config is not self._sheet.config:
            self._read()

    def _fill(self) -> None:
        if self._sheet is None:
            return
        wanted = self.query_one("#settings-search", Input).value
        lines = self.query_one("#lines", Rows)
        sections = self.query_one("#sections", Rows)
        if wanted.strip():
            lines.columns = columns(30)
            lines.show([row_of(one, whole=True) for one in sheet.found(self._sheet.lines, wanted)])
            names = list(dict.fromkeys(row.key.rpartition(".")[0] for row in lines.rows))
        else:
            lines.columns = columns(19)
            lines.show(list(in_sections(self._sheet)))
            names = [row.key for row in lines.rows if row.tone == "head" and row.key]
        sections.show([Row(name, (name,)) for name in names])

    # What the person does.

    @on(Rows.Moved, "#lines")
    def _detail(self) -> None:
        row = self.query_one("#lines", Rows).row
        line = self._sheet.line(row.key) if self._sheet and row else None
        key = self._sheet.key(line.setting) if self._sheet and line else ""
        self.query_one(SettingPane).show(line, key)
        sections = self.query_one("#sections", Rows)
        if row and not sections.has_focus:
            sections.go(row.key.rpartition(".")[0])

    @on(Rows.Moved, "#sections")
    def _jump(self, event: Rows.Moved) -> None:
        if event.row and event.rows.has_focus:
            lines = self.query_one("#lines", Rows)
            if not lines.go(event.row.key):
                place = event.row.key + "."
                lines.go(next((row.key for row in lines.rows if row.key.startswith(place)), ""))

    @on(Rows.Chosen, "#sections")
    def _enter_section(self) -> None:
        self.query_one("#lines", Rows).focus()

    @on(Rows.Chosen, "#lines")
    def _enter(self, event: Rows.Chosen) -> None:
        if event.row.key.endswith(".*"):
            self.action_name()
            return
        line = self._sheet.line(event.row.key) if self._sheet else None
        if line and line.setting.type is bool:
            self._write(line.setting, "false" if line.value else "true")
        else:
            self.query_one(SettingPane).edit()

    @on(Input.Changed, "#settings-search")
    def _search(self) -> None:
        self._fill()

    @on(Input.Submitted, "#settings-search")
    def _searched(self) -> None:
        self.query_one("#lines", Rows).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, letters are letters."""
        typing = isinstance(self.focused, Input)
        return not (typing and action in ("search", "unset", "edit_file", "profile", "name"))

    def action_search(self) -> None:
        """Go where one types what is looked for."""
        self.query_one("#settings-search", Input).focus()

    def action_back(self) -> None:
        """From wherever one is to the list of all settings."""
        self.query_one("#settings-search", Input).value = ""
        self.query_one("#lines", Rows).focus()

    @on(SettingPane.Left)
    def _leave(self) -> None:
        self.query_one("#lines", Rows).focus()

    @on(SettingPane.Given)
    def _give(self, event: SettingPane.Given) -> None:
        self._write(event.setting, event.text)

    def action_unset(self) -> None:
        """Have the default apply to the setting that the cursor is on."""
        row = self.query_one("#lines", Rows).row
        if self._sheet and row and (line := self._sheet.line(row.key)):
            self._unset(line.setting)

    def action_reread(self) -> None:
        """Read the file again."""
        self._read(elsewhere=True)

    # What takes time, and the file.

    @work(thread=True, exit_on_error=False, group="settings-write")
    def _write(self, setting: Setting, text: str) -> None:
        found = self._sheet
        assert found is not None
        self._writing = True
        key = found.key(setting)
        try:
            value = settings.write_setting(found.path, key, text)
        except TtmError as failure:
            self._refused(failure)
            return
        told = f"{key} = {spelled(value)} written to {at_home(found.path)}"
        if setting.variable in os.environ:
            told += f"; {setting.variable} is set in the environment, and wins"
        self.app.call_from_thread(self._wrote, told)

    @work(thread=True, exit_on_error=False, group="settings-write")
    def _unset(self, setting: Setting) -> None:
        found = self._sheet
        assert found is not None
        self._writing = True
        key = found.key(setting)
        try:
            gone = settings.unset_setting(found.path, key)
        except TtmError as failure:
            self._refused(failure)
            return
        place = at_home(found.path)
        told = f"{key} taken out of {place}" if gone else f"{place} does not set {key}"
        self.app.call_from_thread(self._wrote, told)

    def _refused(self, failure: TtmError) -> None:
        problems = failure.problems if isinstance(failure, ConfigError) else ()
        self.ttm.fail(at_home(problems[0] if problems else failure.sentence))
        self.app.call_from_thread(self._read)

    def _wrote(self, told: str) -> None:
        self.ttm.tell(told, "done")
        self.query_one("#lines", Rows).focus()
        self._read()

    def action_edit_file(self) -> None:
        """Hand the terminal to the user's editor, and read the file afterwards."""
        if self._sheet is None:
            return
        path = self._sheet.path
        try:
            settings.editor(os.environ)
            if not path.exists():
                settings.write_example(path)
            with self.app.suspend():
                settings.edit(path, os.environ)
        except SuspendNotSupported:
            self.ttm.fail(f"This terminal cannot be lent to an editor; the file is {path}")
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
        self._read(elsewhere=True)

    @work
    async def action_profile(self) -> None:
        """Choose the profile that is laid over the settings, and that is written to."""
        found = self._sheet
        if found is None:
            return
        options = [(NONE, "no profile: the file's own settings")]
        options += [(name, name) for name in found.profiles]
        title = "Which profile applies here, and is changed?"
        chosen = await self.app.push_screen_wait(Choice(title, options, "or a new one's name"))
        if chosen is None:
            return
        self._profile = None if chosen == NONE else chosen
        if self._profile and self._profile not in found.profiles:
            self._begin_profile(self._profile)
            return
        told = f"The profile {chosen} applies" if self._profile else "No profile applies"
        self.ttm.tell(f"{told} in this window, and changes go there" if self._profile else told)
        self._read()

    def _begin_profile(self, name: str) -> None:
        """A profile is there once something is in it: it begins with the voice that holds."""
        self._profile = None
        if self._sheet and (line := self._sheet.line("say.voice")):
            self._new_profile(name, line.text)

    @work(thread=True, exit_on_error=False, group="settings-write")
    def _new_profile(self, name: str, voice: str) -> None:
        assert self._sheet is not None
        self._writing = True
        try:
            settings.write_setting(self._sheet.path, f"profiles.{name}.say.voice", voice)
        except TtmError as failure:
            self._refused(failure)
            return
        self._profile = name
        self.app.call_from_thread(
            self._wrote, f"The profile {name} begins with the voice; changes go there"
        )

    @work
    async def action_name(self) -> None:
        """Begin a section under a name of the user's own."""
        row = self.query_one("#lines", Rows).row
        at = row.key if row else ""
        section = next((one for one in NAMED if at.startswith(one + ".")), "")
        if not section:
            options = [(one, f"{one}: {SECTIONS[one]}") for one in NAMED]
            asked = Choice("A new name for what?", options)
            named = await self.app.push_screen_wait(asked)
            section = named or ""
        if not section:
            return
        name = await self.app.push_screen_wait(Choice(f"A new one of {section}", (), "its name"))
        if name is None:
            return
        first = next(iter(NAMED[section]))
        if settings.known(f"{section}.{name}.{first}") is None:
            self.ttm.fail(f"'{name}' cannot be its name. Use a-z, 0-9, - and _")
            return
        self._names.add((section, name))
        self._read()
        self.ttm.tell(f"{section}.{name} is there once you set something in it")
