"""What a user name, a mail address and a password must be. Pure."""

from __future__ import annotations

import re
import unicodedata

import idna

from core.kernel.i18n import gettext as _

SHORTEST_PASSWORD = 15  # NIST SP 800-63B-4, 3.1.1.2: a password that is the only factor
LONGEST_PASSWORD = 256  # the same section asks for at least 64
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
USERNAME = re.compile(r"[A-Za-z0-9._@+-]{3,64}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

# What people write when a long password is asked for. Compared without case, spaces and punctuation.
COMMON = frozenset(
    """
    correcthorsebatterystaple correcthorsebattery thisismypassword thisismypassphrase thisisapassword
    mypasswordissecret mysecretpassword mysecretpassphrase letmeinletmein letmeinplease pleaseletmein
    passwordpassword passw0rdpassw0rd password12345678 password1234567 passwordpassword1 password123456789
    123456789012345 1234567890123456 12345678901234567890 012345678901234 0123456789012345
    qwertyuiopasdfghjkl qwertyuiopasdfgh qwertyuiop12345 qwertyuiop123456 qwertyuiop1234567890
    1qaz2wsx3edc4rfv abcdefghijklmnop abcdefghijklmnopqrstuvwxyz asdfghjklqwertyuiop zxcvbnmasdfghjkl
    administrator123 administrator1234 adminadminadmin adminadministrator changemechangeme changethispassword
    pleasechangeme123 defaultpassword defaultpassword1 welcomewelcome12 iloveyouiloveyou iloveyouforever
    thequickbrownfox thequickbrownfoxjumpsoverthelazydog maytheforcebewithyou tobeornottobethatisthequestion
    opensesameopensesame innkeeperinnkeeper innkeeperpassword hostingpassword
    """.split()
)


def fold(text: str) -> str:
    """What must be unique of user names and mail addresses: compatibility forms and case are one."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def clean_username(text: str) -> str:
    """The user name as it is kept: compatibility forms folded, case kept."""
    return unicodedata.normalize("NFKC", text).strip()


def check_username(text: str) -> str | None:
    """What is wrong with a user name, for the person; None when it will do."""
    name = clean_username(text)
    if not name:
        return _("Choose a user name.")
    if not 3 <= len(name) <= 64:
        return _("A user name has 3 to 64 characters.")
    if USERNAME.fullmatch(name) is None:
        return _("Use letters without accents, digits and . _ @ + - only.")
    return None


def clean_email(text: str) -> str | None:
    """The address with its domain in ASCII and small letters; None when it is not one.

    Plain mailboxes only (RFC 5321, 4.1.2: dot-string before the @, a host name with a dot after it).
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > 64 or _LOCAL_PART.fullmatch(local) is None:
        return None
    try:
        host = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    last = host.rpartition(".")[2]
    if "." not in host or last.isdigit() or len(local) + 1 + len(host) > LONGEST_EMAIL:
        return None
    return f"{local}@{host}"


def normal_password(text: str) -> str:
    """One form for all keyboards: NFKC, as NIST SP 800-63B recommends before hashing."""
    return unicodedata.normalize("NFKC", text)


def check_password_rules(text: str, username: str, email: str) -> str | None:
    """What is wrong with a new password, for the person; None when it will do.

    NIST SP 800-63B-4: length and a list of what everybody uses, no rules about kinds of characters.
    """
    password = normal_password(text)
    if len(password) < SHORTEST_PASSWORD:
        return _("Use {count} characters or more. A short sentence is best.").format(count=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        return _("Use {count} characters at most.").format(count=LONGEST_PASSWORD)
    if "\0" in password:
        return _("This password holds a character that cannot be typed again. Choose another.")
    if fold(password) in {fold(username), fold(email), fold(email.partition("@")[0])}:
        return _("Do not use your user name or your email as the password.")
    if _is_common(password):
        return _("Many people use this password, so it is tried first. Choose another.")
    return None


def _is_common(password: str) -> bool:
    folded = password.casefold()
    squeezed = "".join(letter for letter in folded if letter.isalnum())
    return squeezed in COMMON or _is_repetition(folded) or _is_repetition(squeezed)


def _is_repetition(text: str) -> bool:
    """ "aaaaaaaaaaaaaaa" and "abc123abc123abc123": up to eight characters, again and again."""
    return len(text) >= SHORTEST_PASSWORD and (text + text).find(text, 1) <= 8
