"""What good speech measures by the guard's bounds: `python scripts/bench_guard.py [RATE ...]`.

Speaks texts of 20 languages with espeak-ng and prints percentiles of syllables a second, by the
fewest and the most that a text can have; and how many of the texts the guard refuses when it judges
them as those of a neural model.
"""

from __future__ import annotations

import statistics
import sys

from ttm.audio import Audio
from ttm.engine import load
from ttm.narration.bounds import FASTEST, SLOWEST
from ttm.narration.guard import Guard
from ttm.speech import Speech
from ttm.text.syllables import syllables

ENGLISH = """Hello.|No.|W|I saw it.|NATO and the FBI met in 1984.|It cost $1,234,567.89, or 777
 euros.|Visit https://example.com/some_path?x=1&y=2 now!|Strengths lengths twelfths.|Go! Stop?
 Wait... what?|I ❤️ you 😀😂🎉 and 🇩🇪🇫🇷!|a b c d e f g|3.14159265358979|1000000000|C++ & C# @ 50% >
 20°C|中文|Привет мир|The quick brown fox jumps over the lazy dog and runs away.|x
|Supercalifragilisticexpialidocious|— he said — “never” (again)…|mrs ms mr jr sr|user@example.org
|½ ¼ x² ²³|THIS IS ALL UPPER CASE TEXT"""
TEXTS = {
    "en": ENGLISH,
    "de": "Guten Morgen, wie geht es Ihnen heute?|Donaudampfschifffahrtsgesellschaft.|777777|Ja.",
    "fr": "Bonjour, comment allez-vous aujourd'hui?|Qu'est-ce que c'est?|99 ans|Eau.",
    "es": "Buenos días, ¿cómo está usted?|La casa es roja y el perro duerme.",
    "it": "Buongiorno, come sta oggi?|Io.",
    "pt": "Bom dia, como vai você?|Não.",
    "pl": "Dzień dobry, jak się pan ma? Wszczął.",
    "fi": "Hyvää huomenta, kuinka voit tänään?",
    "hu": "Jó reggelt kívánok, hogy van?",
    "tr": "Günaydın, nasılsınız?",  # noqa: RUF001
    "vi": "Xin chào, bạn có khỏe không?",
    "ru": "Здравствуйте, как ваши дела?|Сто двадцать три.|Да",
    "el": "Καλημέρα, τι κάνετε;",
    "cmn": "你好。今天天气很好。|我们明天去北京。|好",
    "ja": "こんにちは、元気ですか。|今日は東京に行きます。|カタカナ",
    "ko": "안녕하세요, 오늘 날씨가 좋습니다.|네",
    "hi": "नमस्ते, आप कैसे हैं?|मैं कल दिल्ली जाऊँगा।|हाँ",
    "ta": "வணக்கம், எப்படி இருக்கிறீர்கள்?",
    "ar": "مرحبا، كيف حالك اليوم؟|السلام عليكم ورحمة الله وبركاته.|نعم",
    "am": "ሰላም እንዴት ነህ?",
}
PERCENTILES = (0, 1, 10, 50, 90, 99, 100)


def main(rates: list[float]) -> None:
    engine = load("espeak", {})
    fewest: list[float] = []
    most: list[float] = []
    refused: list[str] = []
    for rate in rates:
        for language, texts in TEXTS.items():
            for text in texts.replace("\n", "").split("|"):
                speech = Speech(text, voice=language, language=language, rate=rate)
                guard, seconds = Guard(speech), 0.0
                for block in engine.speak(speech):
                    if isinstance(block, Audio):
                        guard.feed(block)
                        seconds += len(block.pcm.strip(b"\0")) / 2 / block.rate
                guard.end()
                if not guard.verdict.good:
                    refused.append(f"{language} {rate} {text[:40]}: {guard.verdict.words}")
                if seconds:
                    told = syllables(text, language)
                    fewest.append(told.least / seconds / rate)
                    most.append(told.most / seconds / rate)
    print("percentile          ", *(f"{each:7d}" for each in PERCENTILES))
    for name, found, bound in (
        ("fewest syllables/s", fewest, f"at most {FASTEST:g}"),
        ("most syllables/s", most, f"at least {SLOWEST:g}, and 2 s beside"),
    ):
        cuts = [min(found), *statistics.quantiles(found, n=100, method="inclusive"), max(found)]
        print(f"{name:20}", *(f"{cuts[each]:7.2f}" for each in PERCENTILES), " bound:", bound)
    print(f"{len(fewest)} texts spoken, {len(refused)} refused", *refused, sep="\n")


if __name__ == "__main__":
    main([float(each) for each in sys.argv[1:]] or [0.457, 1.0, 2.0, 4.0])
