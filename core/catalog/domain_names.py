"""Domain names as people type them: normalised (IDNA 2008 with UTS 46), checked, or refused in words."""

from __future__ import annotations

from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import InvalidFields

LONGEST = 253  # RFC 1035, 2.3.4, without the final dot
RESERVED = "example"  # RFC 2606: nobody can own it, so demos and tests may sell it
HOW = mark("Type the name itself, as in example.com.")


def clean_domain(text: str, *, registrable: bool = True, field: str = "domain") -> str:
    """The name in lower case ASCII ("xn--mnchen-3ya.example" for "München.example").

    ``registrable`` asks for a name that a registry hands out: "example.com", not "com" and not
    "shop.example.com". Without it, names below one are welcome too (hosting for a subdomain).
    Raises InvalidFields with one sentence under ``field``.
    """
    try:
        name = _ascii(text)
        owned = _owned_part(name)
    except _Wrong as wrong:
        raise InvalidFields({field: str(wrong)}) from None
    if registrable and name != owned:
        raise InvalidFields(
            {field: _("{name} is part of {owned}. Type {owned} instead.").format(name=name, owned=owned)}
        )
    return name


def ending(name: str) -> str:
    """What follows the registrable label of a clean name: "com", "co.uk", "example"."""
    return _owned_part(name).partition(".")[2]


class _Wrong(ValueError):
    """The sentence for the person."""


def _ascii(text: str) -> str:
    typed = text.strip().rstrip(".")
    if not typed:
        raise _Wrong(_("A domain name is needed. {how}").format(how=_(HOW)))
    if len(typed) > LONGEST:
        raise _Wrong(
            _("That is too long for a domain name: {longest} letters are the most.").format(longest=LONGEST)
        )
    if "://" in typed or any(letter in typed for letter in "/@:?# "):
        raise _Wrong(
            _("That looks like a web or mail address, or has a space in it. {how}").format(how=_(HOW))
        )
    try:
        return idna.encode(typed, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise _Wrong(
            _("That is not a valid domain name. Use letters, digits and single dashes. {how}").format(
                how=_(HOW)
            )
        ) from None


def _owned_part(name: str) -> str:
    """The registrable name within ``name``."""
    if "." not in name:
        raise _Wrong(_("The ending is missing. {how}").format(how=_(HOW)))
    if name.replace(".", "").isdigit():
        raise _Wrong(_("That is an IP address. {how}").format(how=_(HOW)))
    last = name.rpartition(".")[2]
    if last == RESERVED:
        return ".".join(name.split(".")[-2:])
    if _suffixes().publicsuffix(name) is None:
        raise _Wrong(_("There is no ending .{last}. Check the spelling.").format(last=last))
    owned = _suffixes().privatesuffix(name)
    if owned is None:
        raise _Wrong(f"{name} is an ending that many names share. Put your own name before it.")
    return str(owned)


@cache
def _suffixes() -> PublicSuffixList:
    # Only what registries hand out: github.io is a name here, not an ending. The list is bundled.
    return PublicSuffixList(only_icann=True, accept_unknown=False)
