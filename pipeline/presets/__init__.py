"""Presets: one readable YAML file of SELECTs per CRM, mapping its own tables onto our entities."""

from pipeline.presets.formats import Amount, Formats
from pipeline.presets.further import reading
from pipeline.presets.load import export_columns, load_preset, preset_names
from pipeline.presets.part import Part
from pipeline.presets.preset import CONTACT, Preset

__all__ = [
    "CONTACT",
    "Amount",
    "Formats",
    "Part",
    "Preset",
    "export_columns",
    "load_preset",
    "preset_names",
    "reading",
]
