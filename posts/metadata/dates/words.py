"""The words of dates in English, German, French and Spanish, in lower case and without accents."""

_MONTHS = (
    "january jan januar janner janvier janv enero ene",
    "february feb februar feber fevrier fevr fev febrero",
    "march mar marz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil juill julio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre dic",
)
_WEEKDAYS = (
    "monday mon montag mo lundi lun lunes",
    "tuesday tue tues dienstag di mardi mar martes",
    "wednesday wed weds mittwoch mi mercredi mer miercoles mie",
    "thursday thu thur thurs donnerstag do jeudi jeu jueves jue",
    "friday fri freitag fr vendredi ven viernes vie",
    "saturday sat samstag sonnabend sa samedi sam sabado sab",
    "sunday sun sonntag so dimanche dim domingo dom",
)
MONTHS = {word: month for month, words in enumerate(_MONTHS, start=1) for word in words.split()}
# Monday is 0. `mar` is March, and Tuesday in French and Spanish.
WEEKDAYS = {word: weekday for weekday, words in enumerate(_WEEKDAYS) for word in words.split()}
ENGLISH_FILLERS = frozenset("of the on at day date published posted".split())
# words of languages that write the day before the month, also in numbers
DAY_FIRST_FILLERS = frozenset(
    "de del le du a las la el en um den der publie publicado veroffentlicht erstellt".split()
)
# zones with one meaning, in minutes east of UTC; the American ones are those of RFC 2822
ZONES = {
    "utc": 0, "gmt": 0, "ut": 0, "tu": 0, "z": 0, "wet": 0, "west": 60, "cet": 60, "mez": 60, "met": 60, "cest": 120,
    "mesz": 120, "mest": 120, "eet": 120, "eest": 180, "msk": 180, "trt": 180, "sast": 120, "pkt": 300,
    "wib": 420, "ict": 420, "hkt": 480, "sgt": 480, "pht": 480, "awst": 480, "jst": 540, "kst": 540,
    "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180, "art": -180,
    "edt": -240, "est": -300, "cdt": -300, "mdt": -360, "mst": -420, "pdt": -420, "pst": -480, "akdt": -480,
    "akst": -540, "hst": -600,
}  # fmt: skip
# China, Central America, Cuba; India, Israel, Ireland; Britain, Bangladesh, Bougainville; ...
AMBIGUOUS_ZONES = {
    "cst": (480, -360, -300), "ist": (330, 120, 60), "bst": (60, 360, 660), "ast": (-240, 180),
    "sst": (-660, 480), "gst": (240, -120), "wst": (480, 780), "adt": (-180, 240),
}  # fmt: skip
# what newspapers write for standard and for daylight saving time
AMERICAN_ZONES = {
    "at": "America/Halifax", "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles",
}  # fmt: skip
