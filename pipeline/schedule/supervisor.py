"""Writes what keeps `crm-audit schedule` running: a systemd unit, or a launchd agent."""

from __future__ import annotations

import getpass
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Service:
    """The command to keep running. Paths are absolute."""

    program: tuple[str, ...]
    audit_file: Path
    output: Path
    account: str  # the account that runs it

    @classmethod
    def of(cls, audit_file: Path, output: Path) -> Service:
        """This program as it was started, for the current account."""
        started = shutil.which(sys.argv[0])
        program = (
            (str(Path(started).absolute()),) if started else (sys.executable, "-m", "pipeline")
        )
        return cls(program, audit_file.absolute(), output, getpass.getuser())

    @property
    def command(self) -> tuple[str, ...]:
        """Program and arguments."""
        return (*self.program, "schedule", str(self.audit_file), "--output", str(self.output))


def unit_text(kind: str, service: Service) -> str:
    """The unit's text; `kind` is 'systemd' or 'launchd'.

    Raises ConfigError if a unit cannot hold one of the paths.
    """
    for word in (*service.command, service.account):
        if not word.isprintable():
            raise ConfigError(f"--unit: {word!r} cannot be part of a unit; rename it.")
    return _systemd(service) if kind == "systemd" else _launchd(service)


def _systemd(service: Service) -> str:
    command = " ".join(_systemd_word(word).replace("$", "$$") for word in service.command)
    folder, output = service.audit_file.parent, service.output
    return f"""\
# Save as /etc/systemd/system/crm-audit.service. Write the secrets that audit.yaml names into crm-audit.env
# beside it, as CRM_PASSWORD=…, readable by its owner only. Then:
#   systemctl daemon-reload && systemctl enable --now crm-audit && journalctl -fu crm-audit
[Unit]
Description=crm-audit: audits the CRM on its schedule
After=network-online.target
Wants=network-online.target

[Service]
User={service.account}
WorkingDirectory={_systemd_path(folder)}
EnvironmentFile=-{_systemd_path(folder / "crm-audit.env")}
ExecStart={command}
# It starts again after a crash, and not after a mistake in the configuration.
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=2
SuccessExitStatus=130
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={_systemd_word(str(output))}

[Install]
WantedBy=multi-user.target
"""


def _systemd_word(word: str) -> str:
    """A word of a list, quoted if necessary, with percent signs escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if escaped != word or any(char in word for char in " ';") else word


def _systemd_path(path: Path) -> str:
    """A path that is the whole value of its key."""
    return str(path).replace("%", "%%")


def _launchd(service: Service) -> str:
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in service.command)
    log = escape(str(service.output / "schedule.log"))
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Save as ~/Library/LaunchAgents/crm-audit.plist. Put the secrets that audit.yaml names below, and let only you
     read the file (chmod 600). Then: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/crm-audit.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>crm-audit</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>WorkingDirectory</key>
  <string>{escape(str(service.audit_file.parent))}</string>
  <key>EnvironmentVariables</key>
  <dict>
    <key>CRM_PASSWORD</key>
    <string></string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>60</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardErrorPath</key>
  <string>{log}</string>
</dict>
</plist>
"""
