"""Settings: the one tree (`tree`), and how it is read from files, environment and flags (`load`)."""

from tabml.core.config.load import configs_folder, load_config, study_file
from tabml.core.config.tree import (
    NOT_IN_HASH,
    PATH_SETTINGS,
    PRESETS,
    AuditNode,
    Data,
    ExecutorNode,
    Prep,
    Preset,
    Split,
    StudyConfig,
    config_sha256,
    parse_config,
    resolve,
    seconds,
    settings,
    shareable,
    with_setting,
)

__all__ = [
    "NOT_IN_HASH", "PATH_SETTINGS", "PRESETS", "AuditNode", "Data", "ExecutorNode", "Prep", "Preset", "Split",
    "StudyConfig", "config_sha256", "configs_folder", "load_config", "parse_config", "resolve", "seconds", "settings",
    "shareable", "study_file", "with_setting",
]  # fmt: skip
