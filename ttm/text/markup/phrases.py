"""What ttm says of its own where markup has no words: that there is code, an image, a footnote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """In one language."""

    line: str
    """For a code block of one line."""
    lines: str
    """For one of `{}` lines."""
    image: str
    """Before what an image is described as."""
    footnote: str
    """Before the text of the footnote `{}`."""
    done: str
    """Before a task that is ticked off."""
    to_do: str
    """Before one that is not."""


PHRASES = {
    "de": Phrases(
        "Codeblock, eine Zeile.", "Codeblock, {} Zeilen.", "Bild: ", "Fußnote {}: ", "Erledigt: ",
        "Zu erledigen: ",
    ),
    "en": Phrases(
        "Code block, one line.", "Code block, {} lines.", "Image: ", "Footnote {}: ", "Done: ",
        "To do: ",
    ),
    "es": Phrases(
        "Bloque de código, una línea.", "Bloque de código, {} líneas.", "Imagen: ", "Nota {}: ",
        "Hecho: ", "Pendiente: ",
    ),
    "fr": Phrases(
        "Bloc de code, une ligne.", "Bloc de code, {} lignes.", "Image : ", "Note {} : ",
        "Fait : ", "À faire : ",
    ),
    "it": Phrases(
        "Blocco di codice, una riga.", "Blocco di codice, {} righe.", "Immagine: ", "Nota {}: ",
        "Fatto: ", "Da fare: ",
    ),
    "pt": Phrases(
        "Bloco de código, uma linha.", "Bloco de código, {} linhas.", "Imagem: ", "Nota {}: ",
        "Feito: ", "Por fazer: ",
    ),
}  # fmt: skip
"""By language; every other language gets the English ones."""


def phrases(language: str) -> Phrases:
    """Those of a language, given as a BCP-47 tag."""
    return PHRASES.get(language.replace("_", "-").partition("-")[0].lower(), PHRASES["en"])


def code(lines: int, language: str) -> str:
    """What is said for a code block of so many lines."""
    own = phrases(language)
    return own.line if lines == 1 else own.lines.format(lines)
