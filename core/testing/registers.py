"""The contract of registers of tax numbers: only a plain yes or no is an answer."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import pytest

from core.plugin_api.register import RegisterSpec, Verdict
from core.testing.common import LONGEST_DETAIL, PluginContract
from core.testing.faults import Break, Fault
from core.testing.lab import RegisterLab


class RegisterContract(PluginContract):
    spec: ClassVar[RegisterSpec]
    lab_type = RegisterLab

    def test_its_countries_are_codes(self, lab: RegisterLab) -> None:
        assert self.spec.countries
        for country in self.spec.countries:
            assert len(country) == 2
            assert country.isascii()
            assert country.isupper()

    def test_a_registered_number_is_valid(self, lab: RegisterLab) -> None:
        assert lab.harness.registered[0] in self.spec.countries
        answer = lab.ask(lab.harness.registered)
        assert answer.verdict is Verdict.VALID, answer.note

    def test_an_unregistered_number_is_invalid(self, lab: RegisterLab) -> None:
        answer = lab.ask(lab.harness.unregistered)
        assert answer.verdict is Verdict.INVALID, answer.note
        assert (answer.name, answer.address) == ("", "")

    def test_a_closed_office_is_unknown(self, lab: RegisterLab) -> None:
        lab.harness.close_office(lab.world)
        for asked in (lab.harness.registered, lab.harness.unregistered):
            answer = lab.ask(asked)
            assert answer.verdict is Verdict.UNKNOWN
            assert 0 < len(answer.note) <= LONGEST_DETAIL

    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_answer_is_never_a_verdict(
        self, lab: RegisterLab, fault: Fault, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = Break(fault, 1)
        with caplog.at_level(logging.DEBUG):
            answer = lab.ask(lab.harness.registered, broken)
        assert broken.happened
        assert answer.verdict is Verdict.UNKNOWN, f"{fault}: {answer}"
        assert answer.note
        assert not lab.leaks(answer.note + caplog.text)

    def test_another_shape_of_number_is_no_error_of_ours(self, lab: RegisterLab) -> None:
        country = lab.harness.registered[0]
        answer: Any = lab.ask((country, "../../x?y=1#z"))
        assert answer.verdict in (Verdict.INVALID, Verdict.UNKNOWN)
