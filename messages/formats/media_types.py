"""Types of pictures and files: their names for people and for files. Pure.

The types are those that Twilio accepts (https://www.twilio.com/docs/messaging/guides/accepted-mime-types), and others
that phones and offices use.
"""

import mimetypes
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

GENERAL: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/unknown", "*/*"})
"""Types that say nothing: what the provider answers with the file itself says more."""

LONGEST_NAME: Final = 20
"""The longest file name that Twilio passes on; it advises against blanks and most signs in it."""

_ENDINGS: Final = {
    "image": {
        **dict.fromkeys(("jpeg", "jpg", "pjpeg", "jfif", "x-jpeg"), ".jpg"),
        **dict.fromkeys(("png", "x-png", "apng", "vnd.mozilla.apng"), ".png"),
        **dict.fromkeys(("x-icon", "vnd.microsoft.icon"), ".ico"),
        **dict.fromkeys(("bmp", "x-bmp", "x-ms-bmp"), ".bmp"),
        **dict.fromkeys(("tiff", "tiff-fx"), ".tiff"),
        **{kind: f".{kind}" for kind in ("gif", "webp", "heic", "heif", "avif", "jxl")},
        "heic-sequence": ".heic",
        "heif-sequence": ".heif",
        "svg+xml": ".svg",
        "vnd.wap.wbmp": ".wbmp",
        **dict.fromkeys(("x-adobe-dng", "dng"), ".dng"),
        "cgm": ".cgm",
        **dict.fromkeys(("vnd.adobe.photoshop", "x-photoshop", "photoshop"), ".psd"),
        "vnd.dwg": ".dwg",
        "vnd.dxf": ".dxf",
    },
    "video": {
        **dict.fromkeys(("mp4", "mpeg4", "x-mp4", "h264", "h265"), ".mp4"),
        **dict.fromkeys(("3gpp", "3gp", "3gpp-tt", "h261", "h263", "h263-1998", "h263-2000"), ".3gp"),
        **dict.fromkeys(("3gpp2", "3g2"), ".3g2"),
        **dict.fromkeys(("mpeg", "mpg"), ".mpeg"),
        "quicktime": ".mov",
        "webm": ".webm",
        "x-m4v": ".m4v",
        "ogg": ".ogv",
        "x-msvideo": ".avi",
        "x-ms-wmv": ".wmv",
        "x-matroska": ".mkv",
        "x-flv": ".flv",
        **dict.fromkeys(("mp2t", "vnd.dlna.mpeg-tts"), ".ts"),
        "x-ms-asf": ".asf",
    },
    "audio": {
        **dict.fromkeys(("amr", "amr-nb", "x-amr"), ".amr"),
        **dict.fromkeys(("mp4", "m4a", "x-m4a", "mp4a-latm"), ".m4a"),
        **dict.fromkeys(("mpeg", "mp3", "mpeg3", "x-mp3", "x-mpeg", "mpg"), ".mp3"),
        **dict.fromkeys(("ogg", "vorbis"), ".ogg"),
        **dict.fromkeys(("wav", "x-wav", "wave", "x-pn-wav", "vnd.wave", "vnd.wav"), ".wav"),
        **dict.fromkeys(("aac", "x-aac", "aacp"), ".aac"),
        **dict.fromkeys(("3gpp", "3gp"), ".3gp"),
        **dict.fromkeys(("midi", "mid", "x-midi", "sp-midi"), ".mid"),
        **dict.fromkeys(("flac", "x-flac"), ".flac"),
        **dict.fromkeys(("aiff", "x-aiff"), ".aiff"),
        "3gpp2": ".3g2",
        "ac3": ".ac3",
        "amr-wb": ".awb",
        "basic": ".au",
        "l24": ".l24",
        "webm": ".webm",
        "opus": ".opus",
        "x-caf": ".caf",
        "qcelp": ".qcp",
        "vnd.qcelp": ".qcp",
        "evrc": ".evc",
        "vnd.rn-realaudio": ".ra",
        "x-ms-wma": ".wma",
        "imelody": ".imy",
        **dict.fromkeys(("amr-wb+", "amr-wb-plus"), ".awb"),
        **dict.fromkeys(("x-m4b", "x-m4r"), ".m4a"),
        **dict.fromkeys(("x-mpegurl", "mpegurl"), ".m3u"),
    },
    "text": {
        **dict.fromkeys(("vcard", "x-vcard", "v-card", "directory"), ".vcf"),
        **dict.fromkeys(("calendar", "x-calendar"), ".ics"),
        **dict.fromkeys(("vcalendar", "x-vcalendar"), ".vcs"),
        **dict.fromkeys(("csv", "comma-separated-values"), ".csv"),
        **dict.fromkeys(("rtf", "richtext"), ".rtf"),
        "plain": ".txt",
        "x-vnote": ".vnt",
        "x-vmsg": ".vmg",
        "html": ".html",
        **dict.fromkeys(("markdown", "x-markdown"), ".md"),
        **dict.fromkeys(("imelody", "x-imelody"), ".imy"),
    },
    "application": {
        **dict.fromkeys(("vcard", "x-vcard"), ".vcf"),
        **dict.fromkeys(("pdf", "x-pdf"), ".pdf"),
        **dict.fromkeys(("ogg", "x-ogg"), ".ogg"),
        **dict.fromkeys(("zip", "x-zip", "x-zip-compressed"), ".zip"),
        **dict.fromkeys(("gzip", "x-gzip"), ".gz"),
        **dict.fromkeys(("rtf", "x-rtf"), ".rtf"),
        **dict.fromkeys(("vnd.rar", "rar", "x-rar", "x-rar-compressed"), ".rar"),
        **dict.fromkeys(("msword", "x-msword"), ".doc"),
        **dict.fromkeys(("vnd.ms-excel", "excel", "x-excel", "x-msexcel"), ".xls"),
        **dict.fromkeys(("vnd.ms-powerpoint", "powerpoint", "mspowerpoint", "x-mspowerpoint"), ".ppt"),
        "x-7z-compressed": ".7z",
        "mp4": ".mp4",
        "gpx+xml": ".gpx",
        "vnd.google-earth.kml+xml": ".kml",
        "vnd.google-earth.kmz": ".kmz",
        "vnd.ms-word.document.macroenabled.12": ".docm",
        "vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
        "vnd.ms-powerpoint.presentation.macroenabled.12": ".pptm",
        "vnd.openxmlformats-officedocument.presentationml.slideshow": ".ppsx",
        **dict.fromkeys(("vnd.apple.pkpass", "x-pkpass"), ".pkpass"),
        "vnd.apple.pkpasses": ".pkpasses",
        "x-subrip": ".srt",
        "smil": ".smil",
        "json": ".json",
        "ics": ".ics",
        "xml": ".xml",
        "vnd.android.package-archive": ".apk",
        "epub+zip": ".epub",
        "vnd.ms-outlook": ".msg",
        "vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
        "vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
        **{f"vnd.oasis.opendocument.{kind}": f".od{kind[0]}" for kind in ("text", "spreadsheet", "presentation")},
        "vnd.ms-excel.sheet.binary.macroenabled.12": ".xlsb",
        "vnd.openxmlformats-officedocument.wordprocessingml.template": ".dotx",
        "vnd.openxmlformats-officedocument.spreadsheetml.template": ".xltx",
        "vnd.openxmlformats-officedocument.presentationml.template": ".potx",
        "vnd.oasis.opendocument.graphics": ".odg",
        "vnd.oasis.opendocument.formula": ".odf",
        "vnd.visio": ".vsd",
        "vnd.ms-visio.drawing": ".vsdx",
        "vnd.ms-project": ".mpp",
        **dict.fromkeys(("vnd.ms-publisher", "x-mspublisher"), ".pub"),
        "vnd.ms-xpsdocument": ".xps",
        "onenote": ".one",
        "acad": ".dwg",
        "sla": ".stl",
        **dict.fromkeys(("x-bzip2", "x-bzip"), ".bz2"),
        "zstd": ".zst",
        "x-apple-diskimage": ".dmg",
        "java-archive": ".jar",
        "x-sqlite3": ".sqlite",
        "smil+xml": ".smil",
        **dict.fromkeys(("geo+json", "vnd.geo+json"), ".geojson"),
        "pkcs7-signature": ".p7s",
        "pgp-signature": ".asc",
        **dict.fromkeys(("vnd.apple.mpegurl", "x-mpegurl"), ".m3u8"),
        **{f"x-iwork-{kind}-sff{kind}": f".{kind}" for kind in ("pages", "numbers")},
        "x-iwork-keynote-sffkey": ".key",
        "vnd.apple.pages": ".pages",
        "vnd.apple.numbers": ".numbers",
        "vnd.apple.keynote": ".key",
    },
    "model": {"vnd.usdz+zip": ".usdz", "gltf-binary": ".glb", "gltf+json": ".gltf"},
}

_SHORT: Final = re.compile(r"[a-z]+/(?:x-)?(?P<name>[a-z0-9]{2,4})")
"""A type whose name is short: it is usually the end of the file's name, too."""

_NOUNS: Final = {"image": ("picture", "pictures"), "video": ("video", "videos"), "audio": ("audio", "audio files")}
_NOUNS_BY_ENDING: Final = {
    ".vcf": ("contact card", "contact cards"),
    ".ics": ("calendar entry", "calendar entries"),
    ".vcs": ("calendar entry", "calendar entries"),
    ".pkpass": ("wallet pass", "wallet passes"),
}
_FILE: Final = ("file", "files")

_KNOWN: Final = mimetypes.MimeTypes(filenames=())
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+*-]+")


def plain_type(content_type: str) -> str:
    """A type without parameters, in lower case; empty if it is not one."""
    plain = content_type.partition(";")[0].partition(",")[0].strip().lower()
    return plain if _TYPE.fullmatch(plain) else ""


def better_type(said: str, fetched: str) -> str:
    """The type of a file: as the webhook said, or as it was fetched if the webhook's is blank or general."""
    said, fetched = plain_type(said), plain_type(fetched)
    return said if said not in GENERAL or fetched in GENERAL else fetched


def ending(content_type: str) -> str:
    """The end of a file's name, by which a program knows what to do with it; .bin if the type tells nothing."""
    plain = plain_type(content_type)
    if known := _known_ending(plain):
        return known
    short = _SHORT.fullmatch(plain)
    return f".{short['name']}" if short else ".bin"


def _known_ending(plain: str) -> str:
    """The end that surely belongs to a type; empty if there is none."""
    kind, _, name = plain.partition("/")
    return _ENDINGS.get(kind, {}).get(name) or _KNOWN.guess_extension(plain) or ""


def noun(content_type: str) -> str:
    """What people call a file of a type."""
    return _nouns(content_type)[0]


def described(content_types: Sequence[str]) -> str:
    """What people call some files together, such as “picture” or “2 pictures and video”."""
    counts = Counter(map(_nouns, content_types))
    parts = [one if count == 1 else f"{count} {many}" for (one, many), count in counts.items()]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def counted(content_types: Sequence[str]) -> str:
    """How many files there are, and of what kind: “1 picture”, “3 files” if their kinds differ."""
    nouns = set(map(_nouns, content_types))
    one, many = nouns.pop() if len(nouns) == 1 else _FILE
    return f"{len(content_types)} {one if len(content_types) == 1 else many}"


def file_name(name: str, content_type: str) -> str:
    """A file's name as the phone network passes it on: short, ASCII, with the end that its type needs."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    match = re.search(r"\.[A-Za-z0-9]{1,9}$", folded)
    given = match[0].lower() if match else ""
    end = given if given and _may_end(given, content_type) else ending(content_type)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", folded.removesuffix(match[0]) if match else folded).strip("_-")
    return (stem or noun(content_type).replace(" ", "_"))[: LONGEST_NAME - len(end)].rstrip("_-") + end


def _may_end(end: str, content_type: str) -> bool:
    """Whether the name of a file of a type may end like this."""
    plain = plain_type(content_type)
    return _known_ending(plain) in {end, ""} or end in _KNOWN.guess_all_extensions(plain)


def _nouns(content_type: str) -> tuple[str, str]:
    kind = plain_type(content_type).partition("/")[0]
    return _NOUNS.get(kind) or _NOUNS_BY_ENDING.get(ending(content_type), _FILE)
