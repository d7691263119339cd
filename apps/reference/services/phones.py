"""The country that a phone number's calling code names.

Where several countries share a code, the number does not tell them apart: people keep
their area code when they move across such a border, or take one there. So a country
that the holder is known by stands before the one that the area code was given to.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final

# ITU calling codes. Where countries share one, the largest stands here, those of +1
# in `_NORTH_AMERICA` with their area codes, and all other ones in `_SHARED`.
_CODES: Final = """
1 US 20 EG 211 SS 212 MA 213 DZ 216 TN 218 LY 220 GM 221 SN 222 MR 223 ML 224 GN 225 CI
226 BF 227 NE 228 TG 229 BJ 230 MU 231 LR 232 SL 233 GH 234 NG 235 TD 236 CF 237 CM
238 CV 239 ST 240 GQ 241 GA 242 CG 243 CD 244 AO 245 GW 246 IO 248 SC 249 SD 250 RW
251 ET 252 SO 253 DJ 254 KE 255 TZ 256 UG 257 BI 258 MZ 260 ZM 261 MG 262 RE 263 ZW
264 NA 265 MW 266 LS 267 BW 268 SZ 269 KM 27 ZA 290 SH 291 ER 297 AW 298 FO 299 GL
30 GR 31 NL 32 BE 33 FR 34 ES 350 GI 351 PT 352 LU 353 IE 354 IS 355 AL 356 MT 357 CY
358 FI 359 BG 36 HU 370 LT 371 LV 372 EE 373 MD 374 AM 375 BY 376 AD 377 MC 378 SM
379 VA 380 UA 381 RS 382 ME 383 XK 385 HR 386 SI 387 BA 389 MK 39 IT 40 RO 41 CH 420 CZ
421 SK 423 LI 43 AT 44 GB 45 DK 46 SE 47 NO 48 PL 49 DE 500 FK 501 BZ 502 GT 503 SV
504 HN 505 NI 506 CR 507 PA 508 PM 509 HT 51 PE 52 MX 53 CU 54 AR 55 BR 56 CL 57 CO
58 VE 590 GP 591 BO 592 GY 593 EC 594 GF 595 PY 596 MQ 597 SR 598 UY 599 CW 60 MY 61 AU
62 ID 63 PH 64 NZ 65 SG 66 TH 670 TL 672 NF 673 BN 674 NR 675 PG 676 TO 677 SB 678 VU
679 FJ 680 PW 681 WF 682 CK 683 NU 685 WS 686 KI 687 NC 688 TV 689 PF 690 TK 691 FM
692 MH 7 RU 76 KZ 77 KZ 81 JP 82 KR 84 VN 850 KP 852 HK 853 MO 855 KH 856 LA 86 CN
880 BD 886 TW 90 TR 91 IN 92 PK 93 AF 94 LK 95 MM 960 MV 961 LB 962 JO 963 SY 964 IQ
965 KW 966 SA 967 YE 968 OM 970 PS 971 AE 972 IL 973 BH 974 QA 975 BT 976 MN 977 NP
98 IR 992 TJ 993 TM 994 AZ 995 GE 996 KG 998 UZ
"""
_NORTH_AMERICA: Final = """
CA 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431
CA 437 438 450 460 468 474 506 514 519 537 548 568 579 581 584 587 604 613 639 647 672
CA 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942
BS 242 BB 246 AI 264 AG 268 VG 284 VI 340 KY 345 BM 441 GD 473 TC 649 JM 658 876
MS 664 MP 670 GU 671 AS 684 SX 721 LC 758 DM 767 VC 784 PR 787 939 DO 809 829 849
TT 868 KN 869
"""
_SHARED: Final = """
7 KZ 39 VA 44 GG IM JE 47 SJ 61 CC CX 212 EH 262 YT 290 TA 358 AX 590 BL MF 599 BQ
"""
_LONGEST: Final = 4  # digits of a prefix: +1 and an area code


def _table() -> dict[str, str]:
    words = _CODES.split()
    table = dict(zip(words[::2], words[1::2], strict=True))
    for area, country in _grouped(_NORTH_AMERICA, str.isdigit):
        table[f"1{area}"] = country
    return table


def _grouped(text: str, member: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield each member with the word that stands before it and its like."""
    head = ""
    for word in text.split():
        if member(word):
            yield word, head
        else:
            head = word


def _zones() -> dict[str, str]:
    """Return the calling code of each country."""
    zones: dict[str, str] = {}
    for prefix, country in _TABLE.items():
        zones.setdefault(country, prefix[:1] if prefix[0] in "17" else prefix)
    return zones | dict(_grouped(_SHARED, str.isalpha))


_TABLE: Final = _table()
_ZONES: Final = _zones()


def phone_countries(
    numbers: Sequence[str | None],
    others: Iterable[Sequence[str | None]] = repeat(()),
) -> list[str | None]:
    """Return the country of each E.164 number, None where its code names none.

    `others` are, for each number, the countries that its holder is known by, the most
    telling first: of the countries that share a code it is the first among them.
    """
    return [
        _country(number, known) if number else None
        for number, known in zip(numbers, others, strict=False)
    ]


def _country(number: str, others: Sequence[str | None]) -> str | None:
    digits = number.removeprefix("+")
    prefixes = (digits[:length] for length in range(_LONGEST, 0, -1))
    named = next((_TABLE[prefix] for prefix in prefixes if prefix in _TABLE), None)
    if named is None:
        return None
    zone = _ZONES[named]
    return next((one for one in others if one and _ZONES.get(one) == zone), named)
