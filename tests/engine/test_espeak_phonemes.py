"""IPA spoken by espeak-ng: what it says of its own sounds comes back as it was."""

from __future__ import annotations

import ctypes

import espeakng_loader
import pytest

from ttm.engine.espeak import EspeakEngine
from ttm.engine.espeak.library import UTF8, Library
from ttm.engine.espeak.phonemes import Told, alphabet, encode
from ttm.speech import Phonemes, Speech

TEXTS = {
    "gmw/en-US": "The quick brown fox thinks of pleasure church judge boys and their fire",
    "gmw/en": "The quick brown fox thinks of pleasure church judge boys and their fire",
    "gmw/de": "Heizölrückstoßabdämpfung für schöne Bücher und Mädchen Züge Pferd Zeitung ich auch",
    "roa/fr": "un bon vin blanc portez ce vieux au juge blond qui fume peu montagne",
    "roa/es": "el pingüino hizo kilómetros jamás rápido perro llave año",
    "roa/pt-BR": "não muito obrigado coração trabalho amanhã",
    "zle/ru": "здравствуйте хорошо щука",
    "gmw/nl": "goedemorgen schoon huis",
    "trk/tr": "günaydın çok güzel",  # noqa: RUF001
    "inc/hi": "नमस्ते दुनिया भारत",
}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())


def ipa_of(library: Library, text: str) -> str:
    """The sounds of a text, as espeak-ng itself writes them."""
    encoded = ctypes.create_string_buffer(text.encode())
    left = ctypes.c_void_p(ctypes.addressof(encoded))
    said = []
    while left.value:
        said.append(library._lib.espeak_TextToPhonemes(ctypes.byref(left), UTF8, 2).decode())
    return " ".join(said).strip()


@pytest.mark.parametrize("voice", TEXTS)
def test_what_espeak_says_of_a_word_in_ipa_is_spelled_so_that_it_says_it_again(library, voice):
    assert library.set_voice(voice)
    sounds = alphabet(library)
    assert len(sounds) > 90
    library.synthesize(b"", phonemes=True)
    for word in TEXTS[voice].split():
        ipa = ipa_of(library, word)
        assert ipa_of(library, f"[[{encode(ipa, sounds)}]]") == ipa, word


def test_notations_that_mean_the_same_are_spelled_the_same():
    with_voice = Library(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
    assert with_voice.set_voice("gmw/en-US")
    sounds = alphabet(with_voice)
    for one, other in (("d͡ʒɪf", "/ʤɪf/"), ("ˈki:n.wɑ", "'kiːnwɑː"), ("ɡəʊ", "[goʊ]")):  # noqa: RUF001
        assert encode(one, sounds) == encode(other, sounds)
    with pytest.raises(KeyError, match="ø"):
        encode("bøː", sounds)  # noqa: RUF001


def test_brackets_around_and_beside_a_stretch_stay_text_and_words_keep_their_places():
    text = "a [x]quinoa]] [[b]] quinoa"
    at = [Phonemes(5, 11, "ki"), Phonemes(20, 26, "ki")]
    told = Told(text, at, {"k": "k", "i": "i"})
    assert told.text == "a (x) [[k|i]])) ((b)) [[k|i]]"
    assert told.unsaid == []
    for i, word in enumerate(("a", "x", "k|i", "b", "k|i")):
        place = told.text.index(word, told.text.index("b") if i == 4 else 0)
        start, length = told.origin(place, len(word))
        assert text[start : start + length] == word.replace("k|i", "quinoa")


def test_a_stretch_sounds_as_its_ipa_says_and_the_rest_as_ever():
    engine = EspeakEngine()

    def pcm(text: str, *phonemes: Phonemes, voice: str = "en-us") -> bytes:
        return next(engine.speak(Speech(text, voice, phonemes=phonemes))).pcm

    try:
        low, high = (pcm("xxx", Phonemes(0, 3, ipa)) for ipa in ("ˈmaʊs", "ˈmaʊsˌtɹæp"))  # noqa: RUF001
        assert len(high) > len(low) * 1.3
        assert pcm("xxx", Phonemes(0, 3, "ˈmaʊs")) == low  # noqa: RUF001
        assert pcm("yyy", Phonemes(0, 3, "ˈmaʊs")) == low  # noqa: RUF001
        notes = list(engine.speak(Speech("x", "en-us", phonemes=(Phonemes(0, 1, "ǃ"),))))  # noqa: RUF001
        assert notes[0] == "voice 'en-us' has no sound 'ǃ', so 'x' is not said as /ǃ/"  # noqa: RUF001
        assert notes[1].pcm
        literal = pcm("a [[n@|'aI|v]] b")
        assert len(literal) > 1.5 * len(pcm("a xx b", Phonemes(2, 4, "nəˈaɪv")))  # noqa: RUF001
        assert len(pcm("x [[n@|'aI|v]] b", Phonemes(0, 1, "eɪ"))) > 0.9 * len(literal)  # noqa: RUF001
    finally:
        engine.close()
