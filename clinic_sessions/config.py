"""Every setting, read from the environment once; what is unsafe is refused before anything is served."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MIN_SECRET = 32
DEFAULT_BASE_URL = "http://127.0.0.1:5000"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Unsafe(Exception):
    """The settings would not be safe to serve with; the faults say why and what to set."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Config:
    database_url: str
    data_dir: Path
    secret_key: str
    base_url: str
    smtp_url: str | None
    mail_to_folder: bool
    mail_from: str
    trusted_hosts: tuple[str, ...]
    proxies: int
    log_level: str
    clock_file: Path | None
    """Seconds by which the clock runs ahead; followed in a demo database only."""
    is_demo: bool = False
    """Read from the database, not from the environment."""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach this clinic over TLS."""
        return self.base_url.startswith("https://")

    @property
    def mail_dir(self) -> Path:
        """Where messages become .eml files while no SMTP server is set."""
        return self.data_dir / "mail"


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """Read every `CLINIC_*` setting.

    Raises Unsafe when a value cannot be understood.
    """
    if faults := _faults(environment):
        raise Unsafe(faults)
    data_dir = Path(environment.get("CLINIC_DATA_DIR", "data")).absolute()
    base_url = environment.get("CLINIC_BASE_URL", DEFAULT_BASE_URL).rstrip("/")
    host = urlsplit(base_url).hostname
    hosts = environment.get("CLINIC_TRUSTED_HOSTS", "")
    clock_file = environment.get("CLINIC_CLOCK_FILE")
    return Config(
        database_url=environment.get("CLINIC_DATABASE_URL", f"sqlite:///{data_dir / 'clinic.sqlite'}"),
        data_dir=data_dir,
        secret_key=environment.get("CLINIC_SECRET_KEY", ""),
        base_url=base_url,
        smtp_url=environment.get("CLINIC_SMTP_URL"),
        mail_to_folder=environment.get("CLINIC_MAIL") == "folder",
        mail_from=environment.get("CLINIC_MAIL_FROM", "clinic@localhost.localdomain"),
        trusted_hosts=tuple(h.strip() for h in hosts.split(",") if h.strip()) or (str(host), *sorted(LOOPBACK)),
        proxies=int(environment.get("CLINIC_PROXIES", "0")),
        log_level=environment.get("CLINIC_LOG_LEVEL", "INFO").upper(),
        clock_file=Path(clock_file) if clock_file else None,
    )


def _faults(environment: Mapping[str, str]) -> list[str]:
    faults = [f"{name} is not a setting of this program." for name in _unknown(environment)]
    address = urlsplit(environment.get("CLINIC_BASE_URL", DEFAULT_BASE_URL))
    if address.scheme not in {"http", "https"} or not address.hostname:
        faults.append("CLINIC_BASE_URL must be the address people type, such as https://sessions.example.org.")
    if not environment.get("CLINIC_PROXIES", "0").isdecimal():
        faults.append("CLINIC_PROXIES must be the number of proxies in front, such as 1.")
    if environment.get("CLINIC_MAIL", "folder") != "folder":
        faults.append("CLINIC_MAIL can only be 'folder'; to send mail, set CLINIC_SMTP_URL.")
    if environment.get("CLINIC_LOG_LEVEL", "INFO").upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        faults.append("CLINIC_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    return faults


_KNOWN = frozenset(
    {
        "CLINIC_DATABASE_URL",
        "CLINIC_DATA_DIR",
        "CLINIC_SECRET_KEY",
        "CLINIC_BASE_URL",
        "CLINIC_SMTP_URL",
        "CLINIC_MAIL",
        "CLINIC_MAIL_FROM",
        "CLINIC_TRUSTED_HOSTS",
        "CLINIC_PROXIES",
        "CLINIC_LOG_LEVEL",
        "CLINIC_CLOCK_FILE",
    }
)


def _unknown(environment: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environment if name.startswith("CLINIC_") and name not in _KNOWN)


def unsafe_for_serving(config: Config, *, host: str, debug: bool) -> list[str]:
    """List every reason not to serve with these settings; empty when it is safe.

    `host` is the address to listen on; `debug` whether Flask's debugger is on.
    """
    faults = []
    if debug:
        faults.append("FLASK_DEBUG is on: anyone who can reach a page could run code. Unset it.")
    if not config.is_demo and len(config.secret_key) < MIN_SECRET:
        faults.append(f"CLINIC_SECRET_KEY must be at least {MIN_SECRET} characters, kept secret and kept the same.")
    if not config.is_https and host not in LOOPBACK:
        faults.append("CLINIC_BASE_URL must begin with https:// when serving beyond this machine.")
    return faults


def unsafe_for_mailing(config: Config) -> list[str]:
    """List why patients would not be mailed without anyone having said so; empty when all is well."""
    if config.is_demo or config.smtp_url or config.mail_to_folder:
        return []
    return ["CLINIC_SMTP_URL is not set: patients would not be mailed. Set it, or say CLINIC_MAIL=folder."]


def demo_secret(data_dir: Path) -> str:
    """Give the secret key of a demo clinic: made once, kept in the data folder."""
    file = data_dir / "demo-secret-key"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()
