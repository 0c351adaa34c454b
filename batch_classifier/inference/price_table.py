"""The price table: a YAML file that says what models cost, the package's own or a team's in its place.

Prices change and differ by Region, so the file has a date and a source; a prompt's `model.price` goes before it.
"""

import datetime
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.prices import ModelPrice, Price
from batch_classifier.prompts.prompt import Model
from batch_classifier.prompts.small_file import UnfitFile
from batch_classifier.prompts.yaml_file import read_yaml, yaml_fault

OWN_FILE = Path(__file__).with_name("prices.yaml")
HOME_FILE = "prices.yaml"
# As boto3 looks for it; a profile's Region is not asked for.
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_REGION_OF_ARN = re.compile(r"arn:aws[^:]*:bedrock:([a-z0-9-]+):")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PriceEntry(_Part):
    """What one model costs on demand, in USD per million tokens.

    Attributes:
        model: a part of the model id.
        region: the only Region that the price holds in; None for all.
        batch_factor: what of the price a batch costs; None for the file's own.
    """

    model: str = Field(min_length=1)
    region: str | None = None
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    batch_factor: float | None = Field(default=None, gt=0, le=1)
    date: datetime.date | None = None
    source: str | None = None


class _PriceFile(_Part):
    date: datetime.date
    source: str
    batch_factor: float = Field(default=0.5, gt=0, le=1)
    models: tuple[PriceEntry, ...]


@dataclass(frozen=True)
class PriceTable:
    """The prices of one file. It is read when the first price is asked for, and ClassifierError tells then what is wrong with it."""

    path: Path = OWN_FILE

    @classmethod
    def of(cls, setting: Path | None, home: Path) -> "PriceTable":
        """The file of the setting, else the one in the home, else the package's own."""
        if setting is not None:
            return cls(setting)
        return cls(home / HOME_FILE) if (home / HOME_FILE).is_file() else cls()

    @property
    def name(self) -> str:
        """What the file is called where people read of it."""
        return "the package's price table" if self.path == OWN_FILE else str(self.path)

    @cached_property
    def _file(self) -> _PriceFile:
        try:
            content = read_yaml(self.path)
            if not isinstance(content, dict):
                raise UnfitFile("must be a YAML mapping with the keys date, source, batch_factor and models")
            return _PriceFile(**content)
        except UnfitFile as error:
            raise ClassifierError(f"The price file {self.path} {error}; see docs/costs.md for its form.") from error
        except yaml.YAMLError as error:
            raise ClassifierError(f"The price file {self.path} is not valid YAML: {yaml_fault(error)}.") from error
        except (ValidationError, TypeError) as error:
            fault = _fault(error) if isinstance(error, ValidationError) else "its keys must be plain text"
            raise ClassifierError(
                f"The price file {self.path} cannot be used: {fault}; see docs/costs.md for its form."
            ) from error

    def price_of(self, model: Model) -> ModelPrice | None:
        """What a prompt's model costs; None when neither the prompt nor the table knows. Raises ClassifierError for an unfit file."""
        if model.price is not None:
            batch = Price(model.price.input, model.price.output)
            # What is batched costs half of what is not, as nearly everywhere on Bedrock.
            return ModelPrice(batch, Price(batch.input * 2, batch.output * 2), "model.price of the prompt")
        found = self._entry(model)
        if found is None:
            return None
        factor = found.batch_factor or self._file.batch_factor
        on_demand = Price(found.input, found.output)
        batch = Price(found.input * factor, found.output * factor)
        return ModelPrice(batch, on_demand, f"{self.name} of {found.date or self._file.date}")

    def unknown(self, model: Model) -> str:
        """What is said where the price of a model is not known, without a full stop."""
        return (
            f"no price is known for the model {model.id}: {self.name} does not name it; give model.price in the prompt, or name the "
            f"model in a price file of your own (BATCH_CLASSIFIER_PRICES)"
        )

    def _entry(self, model: Model) -> PriceEntry | None:
        found_region = _REGION_OF_ARN.match(model.id)
        region = found_region[1] if found_region else _region()
        fitting = [entry for entry in self._file.models if entry.model in model.id and entry.region in (None, region)]
        return max(fitting, key=lambda entry: (len(entry.model), entry.region is not None), default=None)


def _fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _region() -> str | None:
    return next((os.environ[name] for name in _REGION_VARIABLES if os.environ.get(name)), None)
