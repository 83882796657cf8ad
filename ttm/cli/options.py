"""The options of `ttm say`, each with its sentence for the help."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

SOUND, OUTPUT, TEXT, SETTINGS, REPORT = "Sound", "Output", "Text", "Settings", "Report"
TURN = "Whose turn it is"
"""The sections of the help, after the options that are used most."""

Text = Annotated[
    list[str] | None, Argument(metavar="TEXT", show_default=False, help="What to say.")
]
File = Annotated[
    list[str] | None,
    Option("--file", "-f", metavar="PATH", help="Read the text from here; `-` is stdin."),
]
Output = Annotated[
    str | None,
    Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Write here; the suffix is the format, `-` is stdout.",
    ),
]
EspeakOutput = Annotated[str | None, Option("-w", hidden=True)]
Play = Annotated[
    bool | None,
    Option("--play/--no-play", help="Play it even with -o, or not even without."),
]
Device = Annotated[
    str | None,
    Option("--device", "-d", metavar="NAME", help="Play on this device; `?` lists."),
]
Interrupt = Annotated[
    bool | None,
    Option(
        "--interrupt/--queue",
        rich_help_panel=TURN,
        help="End what is being said, or wait for it.",
    ),
]
Channel = Annotated[
    str,
    Option(
        "--channel",
        metavar="NAME",
        rich_help_panel=TURN,
        show_default=False,
        help="A name in the queue, and what the settings have for it.",
    ),
]
Priority = Annotated[
    str | None,
    Option(
        "--priority",
        metavar="N",
        rich_help_panel=TURN,
        help="-100 to 100: the highest of those that wait speaks first.",
    ),
]
Highlight = Annotated[
    bool,
    Option("--highlight", rich_help_panel=REPORT, help="Show the text, and the spoken word in it."),
]
Instant = Annotated[
    bool | None,
    Option(
        "--instant/--no-instant",
        rich_help_panel=TURN,
        help="Begin at once with espeak while the model loads.",
    ),
]
Voice = Annotated[
    str | None,
    Option(
        "--voice",
        "-v",
        metavar="NAME|FILE",
        help="Who speaks, or a recording to clone; `?` lists.",
    ),
]
Model = Annotated[
    str | None,
    Option(
        "--model",
        "-m",
        metavar="ID",
        help="espeak, qwen3, remote:NAME, hub id or folder.",
    ),
]
Language = Annotated[
    str | None,
    Option("--language", "-l", metavar="TAG", help="A BCP-47 tag or an English name."),
]
Instruct = Annotated[
    str | None,
    Option(
        "--instruct",
        "-i",
        metavar="TEXT",
        help="How to say it, or what the voice is like.",
    ),
]
Rate = Annotated[
    str | None,
    Option("--rate", "-r", "--speed", metavar="TEMPO", help="1.2, 210wpm or +20%."),
]
Pitch = Annotated[
    str | None,
    Option(
        "--pitch",
        metavar="SEMITONES",
        rich_help_panel=SOUND,
        help="Higher or lower: -12 to 12.",
    ),
]
Volume = Annotated[
    str | None,
    Option("--volume", metavar="DB", rich_help_panel=SOUND, help="Louder or softer."),
]
Normalize = Annotated[
    bool | None,
    Option(
        "--normalize/--no-normalize",
        rich_help_panel=SOUND,
        help="Bring the loudest sample to -1 dBFS.",
    ),
]
Pause = Annotated[
    str | None,
    Option("--pause", metavar="MS", rich_help_panel=SOUND, help="Silence between sentences."),
]
ParagraphPause = Annotated[
    str | None,
    Option(
        "--paragraph-pause",
        metavar="MS",
        rich_help_panel=SOUND,
        help="Silence between paragraphs.",
    ),
]
VoiceText = Annotated[
    str | None,
    Option(
        "--voice-text",
        metavar="TEXT",
        rich_help_panel=SOUND,
        help="What is said in the recording given with -v.",
    ),
]
Seed = Annotated[
    str | None,
    Option("--seed", metavar="N", rich_help_panel=SOUND, help="The same seed, the same sound."),
]
Format = Annotated[
    str | None,
    Option(
        "--format",
        metavar="NAME",
        rich_help_panel=OUTPUT,
        help="wav, flac, mp3, ogg, opus or pcm (raw s16le).",
    ),
]
SampleRate = Annotated[
    str | None,
    Option("--sample-rate", metavar="HZ", rich_help_panel=OUTPUT, help="Resample to this."),
]
Bitrate = Annotated[
    str | None,
    Option("--bitrate", metavar="KBIT/S", rich_help_panel=OUTPUT, help="For mp3, ogg and opus."),
]
Split = Annotated[
    str,
    Option(
        "--split",
        metavar="UNIT",
        rich_help_panel=OUTPUT,
        show_default=False,
        help="One file a sentence, paragraph or chapter: -o '{n}-{slug}.wav'.",
    ),
]
Srt = Annotated[
    str | None,
    Option("--srt", metavar="PATH", rich_help_panel=OUTPUT, help="Write subtitles as SubRip."),
]
Vtt = Annotated[
    str | None,
    Option("--vtt", metavar="PATH", rich_help_panel=OUTPUT, help="Write subtitles as WebVTT."),
]
Timings = Annotated[
    str | None,
    Option(
        "--timings",
        metavar="PATH",
        rich_help_panel=OUTPUT,
        help="Write when each word is said, as JSON.",
    ),
]
Manifest = Annotated[
    bool,
    Option(
        "--manifest",
        rich_help_panel=OUTPUT,
        help="Write FILE.ttm.json too, for `ttm redo`; it holds the text.",
    ),
]
NoClobber = Annotated[
    bool,
    Option("--no-clobber", rich_help_panel=OUTPUT, help="Do not overwrite a file that exists."),
]
Resume = Annotated[
    bool,
    Option(
        "--resume",
        rich_help_panel=OUTPUT,
        help="Go on with what an interrupted run left: finished files stay.",
    ),
]
NoCache = Annotated[
    bool,
    Option(
        "--no-cache",
        rich_help_panel=SETTINGS,
        help="Speak all of it anew, and keep none of it.",
    ),
]
Follow = Annotated[
    bool,
    Option(
        "--follow",
        rich_help_panel=TEXT,
        help="Speak each line as it arrives, until the pipe ends.",
    ),
]
InputFormat = Annotated[
    str,
    Option(
        "--input-format",
        metavar="NAME",
        rich_help_panel=TEXT,
        show_default=False,
        help="text, markdown, html, ssml or epub; auto goes by a file's suffix.",
    ),
]
Encoding = Annotated[
    str | None,
    Option("--encoding", metavar="NAME", rich_help_panel=TEXT, help="Of files and stdin."),
]
Errors = Annotated[
    str | None,
    Option(
        "--errors",
        metavar="WAY",
        rich_help_panel=TEXT,
        help="For bytes that do not fit the encoding: strict or replace.",
    ),
]
Lexicon = Annotated[
    list[str] | None,
    Option(
        "--lexicon",
        metavar="PATH",
        rich_help_panel=TEXT,
        help="How words are said, beside what lexicon.toml has; repeatable.",
    ),
]
NoLexicon = Annotated[
    bool,
    Option("--no-lexicon", rich_help_panel=TEXT, help="No lexicon but those of --lexicon."),
]
OnError = Annotated[
    str | None,
    Option(
        "--on-error",
        metavar="WAY",
        rich_help_panel=TEXT,
        help="For text the engine cannot speak: fail or skip.",
    ),
]
Profile = Annotated[
    str | None,
    Option(
        "--profile",
        "-p",
        metavar="NAME",
        rich_help_panel=SETTINGS,
        help="Lay this profile on top.",
    ),
]
Settings = Annotated[
    list[str] | None,
    Option(
        "--set",
        metavar="KEY=VALUE",
        rich_help_panel=SETTINGS,
        help="Any setting, for this once; repeatable.",
    ),
]
Config = Annotated[
    str | None,
    Option("--config", metavar="PATH", rich_help_panel=SETTINGS, help="Settings from this file."),
]
Strict = Annotated[
    bool | None,
    Option(
        "--strict/--no-strict",
        rich_help_panel=SETTINGS,
        help="Never another voice or language than asked.",
    ),
]
Server = Annotated[
    str | None,
    Option(
        "--server",
        metavar="URL",
        rich_help_panel=SETTINGS,
        help="Have the server at this address speak.",
    ),
]
Local = Annotated[
    bool,
    Option(
        "--local",
        rich_help_panel=SETTINGS,
        help="Speak in this process, whatever server runs.",
    ),
]
Json = Annotated[
    bool,
    Option(
        "--json",
        rich_help_panel=REPORT,
        help="Report as one JSON object (on stderr with -o -).",
    ),
]
Quiet = Annotated[
    bool,
    Option("--quiet", "-q", rich_help_panel=REPORT, help="No progress, no warnings."),
]
Verbose = Annotated[
    bool, Option("--verbose", rich_help_panel=REPORT, help="Say what is done and why.")
]
NoHistory = Annotated[
    bool,
    Option("--no-history", rich_help_panel=REPORT, help="Remember nothing of this."),
]
DryRun = Annotated[
    bool,
    Option(
        "--dry-run",
        rich_help_panel=REPORT,
        help="Show what would be said, and say nothing.",
    ),
]
