"""Words for people in the language of whoever reads.

A plugin speaks English in its code and brings catalogues: ``locales/<language>/LC_MESSAGES/messages.po``
beside its plugin.toml, which is where pybabel puts them. What a call says is looked up with ``gettext``, and
its blanks are filled afterwards. What is written down before anybody reads it, as labels of fields, is marked
with ``mark`` and looked up when it is drawn::

    wrong["born"] = _("You must be {age} or older.").format(age=18)
    FormField(name="bank", label=mark("Bank name"))
"""

from __future__ import annotations

from core.kernel.i18n import gettext as gettext
from core.kernel.i18n import mark as mark
from core.kernel.i18n import ngettext as ngettext

__all__ = ["gettext", "mark", "ngettext"]
