"""VIES: the European Commission asks the member state's own register about a VAT number.

REST interface as described under https://ec.europa.eu/taxation_customs/vies/#/technical-information:
``POST check-vat-number`` with ``countryCode`` and ``vatNumber``, and with the number of who asks
(``requesterMemberStateCode``, ``requesterNumber``) to be given a consultation number;
``GET check-status`` tells which member states answer. Member states are often away for minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.plugin_api.answers import Answer
from core.plugin_api.context import Field, HealthReport, PluginConfig, Response
from core.plugin_api.errors import NoAnswer
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.register import Register, RegisterSpec, TaxNumber, TaxNumberAnswer, Verdict

ADDRESS = "https://ec.europa.eu/taxation_customs/vies/rest-api"
COUNTRIES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
PREFIXES = {"GR": "EL"}  # what VIES and the numbers themselves call Greece
NOT_TOLD = "---"  # what a member state that tells no names answers
ANSWERED = frozenset({"", "VALID", "INVALID"})
_NUMBER = re.compile(r"[A-Z0-9+*]{2,12}")


class ViesConfig(PluginConfig):
    url: str = Field(default=ADDRESS, title="Address", description="Of the REST interface.")
    requester: str = Field(
        default="",
        title="Your own VAT number",
        description="As in DE136695976. With it each enquiry gets a consultation number, which proves it.",
        pattern=r"^([A-Z]{2}[A-Z0-9+*]{2,12})?$",
    )


class Vies(Register[ViesConfig]):
    def check(self) -> HealthReport:
        answer = _read(self.ctx.http.get(self._url("check-status"), headers=_HEADERS))
        if not answer.object("vow").flag("available"):
            return HealthReport(ok=False, detail="VIES says that it is not available.")
        states = answer.objects("countries")
        away = [one.text("countryCode") for one in states if one.text("availability") != "Available"]
        told = f" Away: {', '.join(sorted(away))}." if away else ""
        return HealthReport(ok=True, detail=f"VIES answers for {len(states) - len(away)} states.{told}")

    def ask(self, number: TaxNumber) -> TaxNumberAnswer:
        prefix = PREFIXES.get(number.country, number.country)
        bare = number.number.removeprefix(prefix)
        if _NUMBER.fullmatch(bare) is None:
            return TaxNumberAnswer(verdict=Verdict.INVALID, note="No VAT number has this form.")
        body = {"countryCode": prefix, "vatNumber": bare, **self._requester()}
        answer = _read(self.ctx.http.post(self._url("check-vat-number"), json=body, headers=_HEADERS))
        return _verdict(answer)

    def _requester(self) -> dict[str, str]:
        own = self.ctx.config.requester
        return {"requesterMemberStateCode": own[:2], "requesterNumber": own[2:]} if own else {}

    def _url(self, path: str) -> str:
        return f"{self.ctx.config.url.rstrip('/')}/{path}"


_HEADERS = {"Accept": "application/json"}


def _read(response: Response) -> Answer:
    """Errors come with their own status and an envelope: what it says is told to staff."""
    if response.status_code == 200:
        return Answer.of(response)
    raise NoAnswer(f"VIES answered {response.status_code}{_reason(response)}")


def _reason(response: Response) -> str:
    try:
        wrapped = Answer.of(response).objects("errorWrappers")
        return f": {wrapped[0].text('error')}" if wrapped else ""
    except NoAnswer:
        return ""


def _verdict(answer: Answer) -> TaxNumberAnswer:
    if answer.has("errorWrappers") and (wrapped := answer.objects("errorWrappers")):
        return _unknown(wrapped[0].optional_text("error") or "an error")
    said = (answer.text("userError") if answer.has("userError") else "").upper()
    if said not in ANSWERED:
        return _unknown(said)
    if not answer.flag("valid"):
        return TaxNumberAnswer(verdict=Verdict.INVALID, note="The member state does not know this number.")
    return TaxNumberAnswer(
        verdict=Verdict.VALID, name=_told(answer, "name"), address=_told(answer, "address"),
        consultation_number=_told(answer, "requestIdentifier"),
    )  # fmt: skip


def _unknown(code: str) -> TaxNumberAnswer:
    return TaxNumberAnswer(verdict=Verdict.UNKNOWN, note=f"VIES could not tell: {code[:80]}.")


def _told(answer: Answer, name: str) -> str:
    """A text of the register in one line; "" where the member state tells none (or an empty one)."""
    try:
        text = answer.optional_text(name) or ""
    except NoAnswer:
        return ""
    lines = (line.strip() for line in text.splitlines())
    return "" if text.strip() == NOT_TOLD else ", ".join(line for line in lines if line)


@hookimpl
def register_tax_registers() -> Iterable[RegisterSpec]:
    spec = RegisterSpec(id="vies", name="VIES", config=ViesConfig, implementation=Vies, countries=COUNTRIES)
    return [spec]
