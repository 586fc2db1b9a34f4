"""The defects of `break_on_purpose.py` can still be put in."""

import break_on_purpose
import pytest


@pytest.mark.parametrize(
    "defect", break_on_purpose.DEFECTS, ids=lambda defect: defect.name
)
def test_applies(defect):
    break_on_purpose.check_applies(defect)
    assert defect.wrong != defect.right
