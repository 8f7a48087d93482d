"""The JSON schemas of bakeoff.yaml and of a profile, for editors that complete and check keys.

Takes the records that read these files, gives plain values (JSON schema, draft 2020-12). Adds what the records accept
besides their own types: one text instead of a list of texts, a number for a price, the name of a model or a recipe
instead of its settings.
"""

import json
from pathlib import Path
from typing import Any

from bakeoff.catalogue import RECIPES, STANDARD
from bakeoff.decide.situation.prices import UNITS
from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.runs.config import Config

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_NAME = "bakeoff.schema.json"

PARTIAL = {"retrieval": "Retrieval", "tuning": "Tuning", "prompts": "Prompts", "generation": "GenerationSettings"}
"""Settings that a contender may override in part, with the definition of each."""

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}


def config_schema() -> Schema:
    """The schema of bakeoff.yaml."""
    schema = _schema(Config.model_json_schema(), "bakeoff.yaml", "A pilot: what is compared, on which data, how.")
    keys, kinds = schema["properties"], schema["$defs"]
    del keys["folder"]  # the folder is known from the path of the file, so it is not a key
    models = keys["models"]["additionalProperties"]
    keys["models"]["additionalProperties"] = {"anyOf": [TEXT, *models.pop("oneOf", ())]}
    for key, settings in PARTIAL.items():
        kinds["Entry"]["properties"][key] = {"$ref": f"#/$defs/{settings}"}
    kinds["Entry"]["properties"]["presentation"] = {"anyOf": [{"const": "fixed"}, {"$ref": "#/$defs/Presentation"}]}
    entry = {"anyOf": [{"enum": list(RECIPES)}, TEXT, {"$ref": "#/$defs/Entry"}]}
    keys["contenders"] = {
        "anyOf": [*entry["anyOf"], {"type": "array", "items": entry, "minItems": 1}],
        "default": list(STANDARD),
    }
    return schema


def profile_schema() -> Schema:
    """The schema of a profile file."""
    return _schema(Profile.model_json_schema(), "A profile for Bakeoff", "A team's limits, volumes, needs and prices.")


def write_config_schema(beside: Path) -> Path:
    """Writes the schema of bakeoff.yaml into the folder of this file. Returns its path."""
    path = beside.parent / SCHEMA_NAME
    jsonl.write_text(path, json.dumps(config_schema(), indent=1, ensure_ascii=False) + "\n")
    return path


def _schema(schema: Schema, title: str, description: str) -> Schema:
    widened: Schema = _widened(schema)
    for holder in (widened, widened.get("$defs", {}).get("Profile", {})):
        if "prices" in holder.get("properties", {}):
            holder["properties"]["prices"] |= _prices()
    return {"$schema": DRAFT, **widened, "title": title, "description": description}


def _widened(node: Any) -> Any:
    """The schema with a single text allowed in place of any list of texts, and without titles of keys."""
    if isinstance(node, list):
        return [_widened(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _widened(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if plain.get("type") == "array" and plain.get("items") == TEXT:
        about = {key: plain.pop(key) for key in ("default", "description") if key in plain}
        least = {"minItems": plain.pop("minLength")} if "minLength" in plain else {}  # pydantic describes it as text
        return {"anyOf": [plain | least, TEXT], **about}
    return plain


def _prices() -> Schema:
    """A price is a number in US dollars, or a mapping. Its unit may be left out, as each price has only one."""
    return {
        "propertyNames": {"enum": list(UNITS)},
        "additionalProperties": {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {
                    "type": "object",
                    "required": ["amount"],
                    "additionalProperties": False,
                    "properties": {
                        "amount": {"type": "number", "minimum": 0},
                        "unit": {"enum": sorted(set(UNITS.values()))},
                        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                        "date": {"type": ["string", "null"], "format": "date"},
                        "source": {"type": "string"},
                    },
                },
            ]
        },
    }
