"""Slack's short names of emoji as characters. Pure.

The library has the names of GitHub and Unicode; Slack uses those of https://github.com/iamcal/emoji-data, which differ
by a few rules and by the names below.
"""

import re
from collections.abc import Iterator
from typing import Final

import emoji

_OWN: Final = {
    "bald_person": "🧑‍🦲",
    "barely_sunny": "🌥️",
    "beetle": "🪲",
    "bride_with_veil": "👰",
    "curly_haired_person": "🧑‍🦱",
    "drum_with_drumsticks": "🥁",
    "egg": "🥚",
    "eject": "⏏️",
    "email": "✉️",
    "face_palm": "🤦",
    "face_with_cowboy_hat": "🤠",
    "female-doctor": "👩‍⚕️",
    "fencer": "🤺",
    "first_place_medal": "🥇",
    "flag-england": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "flag-scotland": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "flag-wales": "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "giraffe_face": "🦒",
    "guardsman": "💂",
    "handball": "🤾",
    "i_love_you_hand_sign": "🤟",
    "juggling": "🤹",
    "keycap_star": "*️⃣",
    "kiwifruit": "🥝",
    "knife_fork_plate": "🍽️",
    "ladybug": "🐞",
    "lightning": "🌩️",
    "male-doctor": "👨‍⚕️",
    "man-wrestling": "🤼‍♂️",
    "man_and_woman_holding_hands": "👫",
    "man_with_beard": "🧔‍♂️",
    "man_with_turban": "👳",
    "mate_drink": "🧉",
    "medal": "🎖️",
    "men-with-bunny-ears-partying": "👯‍♂️",
    "mostly_sunny": "🌤️",
    "octagonal_sign": "🛑",
    "ok_woman": "🙆",
    "partly_sunny_rain": "🌦️",
    "person_doing_cartwheel": "🤸",
    "person_with_headscarf": "🧕",
    "rain_cloud": "🌧️",
    "red_haired_person": "🧑‍🦰",
    "satellite": "🛰️",
    "scooter": "🛴",
    "second_place_medal": "🥈",
    "shopping_trolley": "🛒",
    "simple_smile": "🙂",
    "smiling_face_with_3_hearts": "🥰",
    "snow_cloud": "🌨️",
    "snowman": "☃️",
    "spock-hand": "🖖",
    "the_horns": "🤘",
    "third_place_medal": "🥉",
    "umbrella": "☂️",
    "white_haired_person": "🧑‍🦳",
    "woman-wrestling": "🤼‍♀️",
    "woman_with_beard": "🧔‍♀️",
    "womans_flat_shoe": "🥿",
    "women-with-bunny-ears-partying": "👯‍♀️",
    "wrestlers": "🤼",
    "zebra_face": "🦓",
}
"""Slack's names that the library does not have, or has for another emoji."""

_FAMILY: Final = {"man": "👨", "woman": "👩", "boy": "👦", "girl": "👧", "heart": "❤️", "kiss": "❤️‍💋"}
_JOINER: Final = "\N{ZERO WIDTH JOINER}"
_VARIATION: Final = "\N{VARIATION SELECTOR-16}"
_FLAG: Final = re.compile(r"flag-([a-z])([a-z])")
_REGIONAL_A: Final = 0x1F1E6
_FIRST_TONE: Final = 0x1F3FB


def character(name: str, tone: int | None = None) -> str | None:
    """The emoji that Slack calls `:name:`, in skin tone 2 to 6 if it has tones; None if only the workspace has it."""
    found = _OWN.get(name) or _flag(name) or _family(name) or _known(name)
    if found is None or tone is None:
        return found
    toned = found[0] + chr(_FIRST_TONE + tone - 2) + found[1:].removeprefix(_VARIATION)
    return toned if emoji.is_emoji(toned) else found


def _flag(name: str) -> str | None:
    match = _FLAG.fullmatch(name)
    found = "".join(chr(_REGIONAL_A + ord(letter) - ord("a")) for letter in match.groups()) if match else ""
    return found if emoji.is_emoji(found) else None


def _family(name: str) -> str | None:
    members = name.split("-")
    return (
        _JOINER.join(_FAMILY[each] for each in members) if len(members) > 1 and _FAMILY.keys() >= {*members} else None
    )


def _known(name: str) -> str | None:
    for each in _spellings(name):
        found = emoji.emojize(f":{each}:", language="alias")
        if emoji.is_emoji(found):
            return found
    return None


def _spellings(name: str) -> Iterator[str]:
    """The library's possible spellings of Slack's `man-shrugging`, `female-cook` and `large_red_square`."""
    yield name
    plain = name.replace("-", "_").removeprefix("large_")
    for sex, who in (("female_", "woman_"), ("male_", "man_")):
        if plain.startswith(sex):
            plain = who + plain.removeprefix(sex)
    yield plain
