"""From an address to a published report, as its user goes: `init` at a terminal, then `check` and `run`, no edit."""
