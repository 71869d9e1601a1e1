"""An amount as a person types it: 1.50 and 1,50 are the same, and what can be read in two ways is asked about."""

import re
from decimal import Decimal
from unicodedata import decimal

from common.money import fits_minor_unit, minor_digits, plain
from sessions_app.sentences import Sentence, filled, gettext

_GROUP = 3  # digits between two separators of thousands
_LONGEST = 40
# Separators of other scripts, as the two that all this is about: Arabic ones, a raised point, apostrophes and spaces.
_SEPARATORS = str.maketrans(
    {"٫": ",", "٬": "'", "．": ".", "，": ",", "·": ".", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
)
_DIGITS = re.compile(r"[0-9]+([.,' ][0-9]+)*|[.,][0-9]+")


class UnclearAmount(Exception):
    """What was typed is no amount, or could be two; the sentence says what to type instead."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def typed_amount(text: str, *, currency: str, decimal_mark: str) -> Decimal:
    """The amount. `decimal_mark`: what stands before the cents in the page's language, `.` or `,`.

    Raises `UnclearAmount`.
    """
    given = _plain_digits(text).removesuffix(currency.lower()).removeprefix(currency.lower()).strip()
    if not _DIGITS.fullmatch(given):
        digits = gettext("Type an amount in digits, such as %(example)s.")
        raise UnclearAmount(filled(digits, {"example": _example(currency)}))
    marks = sorted(set(re.findall(r"[.,]", given)), key=given.rindex)
    whole, cents = given, ""
    if marks and _is_decimal(given, marks, currency=currency, decimal_mark=decimal_mark):
        whole, _, cents = given.rpartition(marks[-1])
    groups = re.split(r"[.,' ]", whole)
    is_grouped = len(groups) == 1 or (1 <= len(groups[0]) <= _GROUP and all(len(each) == _GROUP for each in groups[1:]))
    if not is_grouped or (cents and not cents.isdigit()):
        unclear = gettext("%(typed)s is not clear. Type it without separators of thousands, such as %(example)s.")
        raise UnclearAmount(filled(unclear, {"typed": text.strip()[:_LONGEST], "example": _example(currency)}))
    amount = Decimal(f"{''.join(groups) or '0'}.{cents or '0'}")
    _refuse_fractions(amount, currency)
    return amount


def _is_decimal(given: str, marks: list[str], *, currency: str, decimal_mark: str) -> bool:
    """Whether the last point or comma stands before the cents; raises where it could as well stand before thousands."""
    last = marks[-1]
    before, _, after = given.rpartition(last)
    if last in before:
        return False  # 1.234.567
    if len(marks) > 1 or re.search("[' ]", before) or len(after) != _GROUP or not 1 <= len(before) <= _GROUP:
        return True  # 1,234.50; 1'234.50; 1.5; 1234.500
    if before.startswith("0"):
        return True  # 0.500
    digits = minor_digits(currency)
    if not digits:
        return False  # 1.500 yen: there is no half one
    if digits == _GROUP and last == decimal_mark:
        return True  # 1.500 in a currency of thousandths, on a page that writes them so
    either = {"thousands": f"{before}{after}", "fraction": f"{before}{decimal_mark}{after[:digits]}"}
    raise UnclearAmount(filled(gettext("Do you mean %(thousands)s or %(fraction)s? Type one of these."), either))


def _refuse_fractions(amount: Decimal, currency: str) -> None:
    if fits_minor_unit(amount, currency):
        return
    digits = minor_digits(currency)
    if not digits:
        whole = gettext("%(currency)s has no decimals: type a whole number.")
        raise UnclearAmount(filled(whole, {"currency": currency}))
    most = gettext("%(currency)s has at most %(digits)s decimals.")
    raise UnclearAmount(filled(most, {"currency": currency, "digits": digits}))


def _plain_digits(text: str) -> str:
    """The digits of any script as 0 to 9, the separators as `.`, `,`, `'` and spaces, letters small."""
    known = (str(decimal(each)) if each.isdecimal() else each for each in text[: 2 * _LONGEST])
    return "".join(known).translate(_SEPARATORS).strip().lower()


def _example(currency: str) -> str:
    return plain(Decimal(150).scaleb(-minor_digits(currency)))
