"""What MLflow runs when it loads a registered model: nothing of the model is a pickle."""

from mlflow.models import set_model

from emofusion.scoring.pyfunc import FusedModel

set_model(FusedModel())
