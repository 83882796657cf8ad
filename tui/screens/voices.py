"""Voices: who there is, how each sounds, and which is to speak."""

from __future__ import annotations

import asyncio
import shlex
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from ttm.config import Config
from ttm.errors import TtmError
from tui.messages import ConfigChanged
from tui.screens.ask import Ask
from tui.screens.page import Page
from tui.screens.question import Question
from tui.widgets.facts import Facts
from tui.widgets.ledger import Column, Ledger, Row
from tui.widgets.pair import Pair
from tui.widgets.voice_search import VoiceSearch

if TYPE_CHECKING:
    from ttm.narration.narrator import Narrator
    from tui.studio.audition import Audition
    from tui.studio.catalogue import Member, Search
    from tui.studio.events import Event
    from tui.studio.workshop import Workshop

COLUMNS = (
    Column("", 3),
    Column("NAME", 14, grows=True),
    Column("LANGUAGE", 13, grows=True, needs=40),
    Column("KIND", 8, needs=64),
    Column("MODEL", 12, needs=52),
)

PATIENT = 1.0
"""Seconds that a voice waits for its turn before that is told."""


class Voices(Page):
    """Browse, hear, compare, add, design and choose voices."""

    MODE = "voices"
    CSS_PATH = "voices.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "hear", "Hear", id="voices.hear", tooltip="Hear this voice; again, stop"),
        Binding("a", "mark('a')", "A", id="voices.a", tooltip="Hold this voice against another"),
        Binding("b", "mark('b')", "B", id="voices.b", tooltip="The other one"),
        Binding("x", "other", "A/B", id="voices.other", tooltip="Hear A, B, A, ..."),
        Binding("enter", "use", "Use", id="voices.use", tooltip="Speak with this voice"),
        Binding("slash", "filter", "Filter", id="voices.filter", key_display="/",
                tooltip="Find by name, language, kind or model"),
        Binding("n", "add", "Add", id="voices.add", tooltip="Add the voice of a recording"),
        Binding("g", "design", "Design", id="voices.design", tooltip="Describe a new voice"),
        Binding("d", "default", "Default", show=False, id="voices.default",
                tooltip="Let this voice speak wherever none is named"),
        Binding("t", "text", "Text", show=False, id="voices.text",
                tooltip="Hear your text, or a sample sentence"),
        Binding("e", "rename", "Rename", show=False, id="voices.rename",
                tooltip="Give a voice of yours another name"),
        Binding("delete", "remove", "Remove", show=False, id="voices.remove",
                tooltip="Remove a voice of yours"),
        Binding("escape", "leave", "Silence", show=False, id="voices.leave",
                tooltip="Fall silent; leave the filter"),
    ]  # fmt: skip

    class Found(Message):
        """More of the catalogue."""

        def __init__(self, members: list[Member], *, first: bool, last: bool) -> None:
            super().__init__()
            self.members, self.first, self.last = members, first, last

    class Sounded(Message):
        """An event of what is heard."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[str, Member] = {}
        self._pair: dict[str, str] = {"a": "", "b": ""}
        self._heard = ""
        """Key of the one that was heard last."""
        self._own_text = True
        self._workshop: Workshop | None = None
        self._audition: Audition | None = None
        self._stale = True
        self._spoken: dict[str, str] = {}
        """What people call the language of a primary subtag."""
        self._sought: Search | None = None

    def body(self) -> ComposeResult:
        yield VoiceSearch(id="search")
        with Horizontal(id="both"):
            yield Ledger(COLUMNS, id="members", empty="Looking for voices ...")
            yield Facts(id="facts")
        yield Pair(id="pair")

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self.query_one(Ledger).tooltip = None

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._tell_sentence()
        if self._stale or self._members:
            self.look()

    async def on_unmount(self) -> None:
        if self._audition:
            await asyncio.to_thread(self._audition.close)
        if self._workshop:
            await asyncio.to_thread(self._workshop.close)

    @on(ConfigChanged)
    def _other_settings(self, event: ConfigChanged) -> None:
        if self._workshop:
            self._workshop.use(event.config)
        if self._audition:
            self._audition.use(event.config)
        self.look()

    @property
    def workshop(self) -> Workshop:
        """A Narrator beside the studio's; made when it is first needed."""
        if self._workshop is None:
            from tui.studio.workshop import Workshop

            self._workshop = Workshop(self.ttm.config)
        return self._workshop

    @property
    def audition(self) -> Audition:
        """What voices are heard with."""
        if self._audition is None:
            from tui.studio.audition import Audition

            self._audition = Audition(
                self.ttm.config,
                studio=self.ttm.studio,
                workshop=self.workshop,
                post=self._post_sound,
                failed=self.ttm.fail,
            )
        return self._audition

    def _post_sound(self, event: Event) -> None:
        self.post_message(self.Sounded(event))

    def command(self) -> str:
        if (member := self.member) is None:
            return ""
        words = ["ttm", "voices", "try", member.voice.name, "-m", member.model]
        said = self.query_one(Pair).sentence
        return shlex.join([*words, *([said] if said else [])])

    def interrupt(self) -> bool:
        if self._audition is None or not self.query_one(Pair).playing:
            return False
        self._audition.stop()
        return True

    # The catalogue.

    def look(self) -> None:
        """Read the catalogue anew; what is shown stays until it is there."""
        self._stale = False
        self._read()

    @work(exclusive=True, group="catalogue", exit_on_error=False)
    async def _read(self) -> None:
        task = partial(self._catalogue, config=self.ttm.config)
        try:
            await asyncio.wrap_future(self.workshop.lend(task))
        except TtmError as failure:
            self.ttm.fail(failure.sentence)

    def _catalogue(self, narrator: Narrator, config: Config) -> None:
        from tui.studio.catalogue import every

        first = True
        for found in every(narrator, config):
            if isinstance(found, TtmError):
                self.ttm.fail(found.sentence)
                continue
            self.post_message(self.Found(found, first=first, last=False))
            first = False
        self.post_message(self.Found([], first=first, last=True))

    @on(Found)
    def _found(self, event: Found) -> None:
        from tui.studio.catalogue import languages

        if event.first:
            self._fresh: dict[str, Member] = {}
        self._fresh.update((member.key, member) for member in event.members)
        if not event.last and self._members and len(self._fresh) < len(self._members):
            return  # so that what is shown does not shrink and grow while it is read again
        self._members = dict(self._fresh)
        everyone = list(self._members.values())
        spoken = [(name, tag) for tag, name in languages(everyone)]
        self._spoken = {tag: name for name, tag in spoken}
        search = self.query_one(VoiceSearch)
        search.offer("language", spoken)
        names = list(dict.fromkeys(member.model for member in self._members.values()))
        search.offer("model", [(name, name) for name in names])
        self.refill()

    @property
    def search(self) -> Search:
        """What is looked for."""
        from tui.studio.catalogue import Search

        asked = self.query_one(VoiceSearch)
        return Search(asked.words, **asked.chosen)

    @on(VoiceSearch.Changed)
    def refill(self) -> None:
        """Show those that the search finds."""
        found = self.search.ranked(list(self._members.values()))
        rows = [self._row(member) for member in found]
        empty = "No voice is like that" if self._members else "Looking for voices ..."
        here = len(self._members)
        count = f"{len(found)} of {here}" if len(found) < here else f"{here}"
        top, self._sought = self.search != self._sought, self.search
        self.query_one(Ledger).show(rows, empty=empty, count=count, top=top)

    def _row(self, member: Member) -> Row:
        from tui.studio.catalogue import spelled

        marks = "".join(s.upper() if self._pair[s] == member.key else " " for s in ("a", "b"))
        current = self.ttm.config.say
        usual = (member.voice.name, member.model) == (current.voice, current.model)
        cells = (
            marks + ("•" if usual else " "),
            member.voice.name,
            spelled(member, self._spoken) or "-",
            member.kind,
            member.model,
        )
        return Row(member.key, cells, quiet=bool(member.why_not))

    @property
    def member(self) -> Member | None:
        """The voice under the cursor."""
        return self._members.get(self.query_one(Ledger).key)

    # What is known of one.

    @on(Ledger.Moved)
    def _moved(self) -> None:
        self._tell_sentence()
        self.refresh_bindings()
        self._tell_about(self.member)

    @work(exclusive=True, group="about", exit_on_error=False)
    async def _tell_about(self, member: Member | None) -> None:
        from tui.screens.voice_facts import told

        facts = self.query_one(Facts)
        if member is None:
            facts.show("")
            return
        facts.show(**await asyncio.to_thread(told, member, self.ttm.config))

    # Hearing.

    def _tell_sentence(self) -> None:
        self._find_sentence(self.member)

    @work(exclusive=True, group="sentence", exit_on_error=False)
    async def _find_sentence(self, member: Member | None) -> None:
        pair = self.query_one(Pair)
        if member is not None:
            pair.sentence, pair.about = await asyncio.to_thread(self._sentence, member)

    def _sentence(self, member: Member) -> tuple[str, str]:
        """What a voice is to say, and where that comes from."""
        from tui.studio.audition import first_sentence
        from tui.studio.samples import sample

        if self._own_text and (own := first_sentence(self.ttm.compose_text(), member.language)):
            return own, "your text"
        return sample(member.voice), "a sample"

    def action_text(self) -> None:
        self._own_text = not self._own_text
        self._tell_sentence()

    def action_hear(self) -> None:
        if self.member is None:
            return
        if self.query_one(Pair).playing and self._heard == self.member.key:
            self.audition.stop()
            return
        self._hear(self.member, "")

    @work(exclusive=True, group="hearing", exit_on_error=False)
    async def _hear(self, member: Member, side: str, text: str = "") -> None:
        if member.why_not:
            self.ttm.fail(
                f"'{member.voice.name}' cannot speak yet: {member.why_not}. F5 shows what to do"
            )
            return
        said = text or (await asyncio.to_thread(self._sentence, member))[0]
        self._heard = member.key
        pair = self.query_one(Pair)
        pair.heard, pair.sentence = side, said
        self.ttm.tell(self._how_soon(member))
        self.audition.hear(member, said)

    def _how_soon(self, member: Member) -> str:
        """What is told of an audition: that it is heard, or what it waits for."""
        from tui.studio.audition import large

        name = f"{member.voice.name} ({member.model})"
        if large(member.model) and self.ttm.studio.busy:
            return f"{name} is heard after what is being spoken now; F1 and Ctrl+C end that"
        return f"{name} is being heard"

    @on(Sounded)
    def _sounded(self, message: Sounded) -> None:
        from tui.studio.events import Playback, Unheard

        event = message.event
        if isinstance(event, Playback):
            self.query_one(Pair).playing = event.state in ("waiting", "playing")
            if event.state == "waiting":
                self.set_timer(PATIENT, self._tell_wait)
        elif isinstance(event, Unheard):
            self.ttm.fail(event.sentence)

    def _tell_wait(self) -> None:
        sound = self.audition.transport
        if sound.state == "waiting" and sound.tape is not None and sound.tape.samples:
            self.ttm.tell("It waits for its turn: something else is heard. F2 shows what.")

    # Two against each other.

    def action_mark(self, side: str) -> None:
        if self.member is None:
            return
        self._pair[side] = self.member.key
        setattr(self.query_one(Pair), side, self.member.voice.name)
        self.refill()
        self.refresh_bindings()

    def action_other(self) -> None:
        pair = self.query_one(Pair)
        self._compare("b" if pair.heard == "a" else "a")

    @on(Pair.Pressed)
    def _compare_pressed(self, event: Pair.Pressed) -> None:
        self._compare(event.side)

    def _compare(self, side: str) -> None:
        first, second = (self._members.get(self._pair[each]) for each in ("a", "b"))
        if first is None or second is None:
            self.ttm.tell("Press a on one voice and b on another to hold them against each other")
            return
        self._hear_same(second if side == "b" else first, first, side)

    @work(exclusive=True, group="hearing", exit_on_error=False)
    async def _hear_same(self, member: Member, first: Member, side: str) -> None:
        said, _ = await asyncio.to_thread(self._sentence, first)  # both say the same words
        self._hear(member, side, said)

    # Choosing.

    @on(Ledger.Picked)
    def action_use(self) -> None:
        if member := self.member:
            self.ttm.tell(f"{member.voice.name} speaks from here on")
            self.ttm.speak_with(voice=member.voice.name, model=member.model)

    @work(exclusive=True, group="writing", exit_on_error=False)
    async def action_default(self) -> None:
        from tui.studio.defaults import write

        if (member := self.member) is None:
            return
        wishes = {"say.model": member.model, "say.voice": member.voice.name}
        try:
            config, overruled = await asyncio.to_thread(write, self.ttm.config, wishes)
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        self.ttm.use(config)
        if overruled:
            self.ttm.fail(overruled)
        else:
            self.ttm.tell(f"{member.voice.name} speaks wherever no voice is named", "done")

    # One's own.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("rename", "remove"):
            return True if self.member and self.member.yours else None
        if action == "other":
            return True if self._pair["a"] and self._pair["b"] else None
        return True

    @work(exclusive=True, group="asking", exit_on_error=False)
    async def action_rename(self) -> None:
        if (member := self.member) is None:
            return
        name = await self.app.push_screen_wait(
            Ask(
                f"A new name for '{member.voice.name}'",
                member.voice.name,
                "Enter takes it   Esc leaves it",
            )
        )
        if name:
            await self._changed("rename", member.voice.name, name)

    @work(exclusive=True, group="asking", exit_on_error=False)
    async def action_remove(self) -> None:
        if (member := self.member) is None:
            return
        question = f"Remove the voice '{member.voice.name}'? Its recording goes with it."
        if await self.app.push_screen_wait(Question(question, "Remove")):
            await self._changed("remove", member.voice.name)

    async def _changed(self, verb: str, *names: str) -> None:
        from ttm.narration.opening import open_library

        library = open_library(self.ttm.config)
        try:
            await asyncio.to_thread(getattr(library, verb), *names)
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        done = (
            f"'{names[0]}' is called '{names[1]}'" if verb == "rename" else f"'{names[0]}' is gone"
        )
        self.ttm.tell(done, "done")
        self.audition.forget()
        self.look()

    @work(exclusive=True, group="asking", exit_on_error=False)
    async def action_add(self) -> None:
        from tui.screens.enrol import Enrol

        await self._made(await self.app.push_screen_wait(Enrol(self.workshop)))

    @work(exclusive=True, group="asking", exit_on_error=False)
    async def action_design(self) -> None:
        from tui.screens.design import Design

        await self._made(await self.app.push_screen_wait(Design(self.ttm.studio, self.audition)))

    async def _made(self, name: str) -> None:
        """A new voice is there, or none."""
        if name:
            self.audition.forget()
            self.query_one(VoiceSearch).words = name
            self.look()

    # The filter.

    def action_filter(self) -> None:
        self.query_one(VoiceSearch).take()

    @on(VoiceSearch.Left)
    def _searched(self) -> None:
        self.query_one(Ledger).focus()

    def action_leave(self) -> None:
        search = self.query_one(VoiceSearch)
        if self._audition and self.query_one(Pair).playing:
            self._audition.stop()
        elif search.words:
            search.words = ""
        self.query_one(Ledger).focus()
