"""What comparison and cost need to know of the model that writes a contender's answers.

Takes a spec and a model's settings. Loads nothing.
"""

from bakeoff.contenders.spec import Spec
from bakeoff.measure.comparison import AskedModel
from bakeoff.models.settings import ModelSettings


def asked_model(spec: Spec, adapter: str, settings: ModelSettings) -> AskedModel:
    """The model with its prices: those of the tuned one, if it was tuned at a host (`adapter` names what was tuned)."""
    asked = AskedModel(
        name=spec.model,
        label=settings.label,
        location=settings.location,
        host=settings.host,
        price=settings.price,
    )
    hosted = spec.tuning.host if adapter else None
    if hosted is None:
        return asked
    prices = {"training_price": hosted.training_price}
    if spec.trained_as:
        return asked.model_copy(update=prices)
    rented = {"hourly_price": 60 * hosted.deployment.minute_price, "price": None} if hosted.deployment else {}
    return asked.model_copy(update={"price": hosted.price or asked.price, **prices, **rented})
