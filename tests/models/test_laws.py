"""Every model of tabml obeys the laws."""

from pathlib import Path
from typing import ClassVar

import pytest

from tabml.models import specs
from tabml.testing.laws import ModelLaws


class TestNull(ModelLaws):
    name = "null"


class TestAgeSex(ModelLaws):
    name = "age_sex"


class TestRidge(ModelLaws):
    name = "ridge"


class TestElasticNet(ModelLaws):
    name = "elastic_net"


class TestCox(ModelLaws):
    name = "cox"


class TestElasticCox(ModelLaws):
    name = "elastic_cox"


class TestForest(ModelLaws):
    name = "forest"
    order_matters = True
    draws_rows = True


class TestExtraTrees(ModelLaws):
    name = "extra_trees"
    order_matters = True
    repeated = 0.01


class TestXgboostShallow(ModelLaws):
    name = "xgboost_shallow"
    order_matters = True
    whole: ClassVar = {"rows": 1.0, "columns": 1.0}
    repeated = 0.02


class TestXgboost(ModelLaws):
    name = "xgboost"
    order_matters = True
    whole: ClassVar = {"rows": 1.0, "columns": 1.0}


class TestXgboostCox(ModelLaws):
    name = "xgboost_cox"
    order_matters = True
    whole: ClassVar = {"rows": 1.0, "columns": 1.0}


class TestMlp(ModelLaws):
    name = "mlp"
    order_matters = True
    draws_rows = True
    tolerance = 1e-5


@pytest.mark.filterwarnings("ignore:Only one sample available:UserWarning")
class TestDiscriminant(ModelLaws):
    """The example of a third party's file."""

    name = "discriminant"
    weighted = False
    plugin = Path(__file__).parents[2] / "examples" / "plugin" / "discriminant.py"


def test_every_model_of_tabml_stands_here():
    lawful = {
        c.name for c in globals().values() if isinstance(c, type) and issubclass(c, ModelLaws) and c is not ModelLaws
    }
    assert {s.name for s in specs() if s.origin.startswith("tabml.")} <= lawful
