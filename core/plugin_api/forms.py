"""How a gateway describes the fields it wants at checkout, and the script that fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FieldKind(StrEnum):
    TEXT = "text"
    SELECT = "select"
    CHECKBOX = "checkbox"
    DATE = "date"  # a day: typed in the reader's own form, handed to the gateway as ISO 8601 (2000-01-31)
    STATE = "state"  # a US state: the theme draws the drop-down
    SECRET = "secret"  # posted to us, encrypted, never shown again (account number)
    SECURE = "secure"  # never posted to us: drawn without a name, read by the gateway's script
    MOUNT = "mount"  # an empty element that the gateway's script fills (a vendor's iframe)
    NOTE = "note"  # words only


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field under a payment method. ``width`` is in sixths of a row. Texts are English, marked with
    ``core.plugin_api.words.mark``, and drawn in the reader's language.

    ``kept_label`` are the words where the method is kept for later instead of paying an order now (in the
    admin, in the client's account). On the NOTE of a mandate it is what is agreed to there: core keeps the
    text that was shown.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    help: str = ""
    placeholder: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    maxlength: int | None = None
    choices: tuple[Choice, ...] = ()
    default: str = ""
    width: int = 6
    folded: bool = False  # shown under "My card has an issue number or a start date"
    kept_label: str = ""  # empty: ``label`` serves there too


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserScript:
    """The gateway's part in the page. Its module default-exports the interface in docs/plugins.

    ``module`` is a file in the plugin's ``static/`` folder. ``vendor_scripts`` are full URLs loaded
    before it. ``origins`` are added to script-src, connect-src and frame-src of that page only.
    """

    module: str
    vendor_scripts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSetup:
    """Public data for the module: publishable key, client secret of one set-up. Never a secret key."""

    data: Mapping[str, str] = field(default_factory=dict, repr=False)
    script: BrowserScript | None = None
