"""Environment variables, read once into one frozen Settings."""

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting is an environment variable of the same name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(
        default="sqlite:///initiatives.db",
        description="Where the data lives: `sqlite:///file` or `postgresql://user:password@host/name`.",
    )
    seed_path: Path | None = Field(
        default=None, description="Folder of seed folders loaded at start; unset, the one that comes with the program."
    )
    better_sources: bool = Field(
        default=True, description="Whether seed folders of better sources are loaded beside the articles."
    )
    public_url: str | None = Field(
        default=None,
        description="Address that clients use, such as `https://data.example.org`, for links that must be absolute.",
    )
    local_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Address that examples name where `PUBLIC_URL` is unset; `serve` sets it to where it listens.",
    )
    cache_bytes: int = Field(
        default=64 * 1024 * 1024, ge=0, description="Room for kept answers in one process; 0 keeps none."
    )
    stale_while_revalidate_seconds: int = Field(
        default=0,
        ge=0,
        description="For how long a cache in between may hand out an answer while it asks whether it is still good; 0, it asks first.",
    )
    rate_limit: str | None = Field(
        default=None, description="What one client may ask of one process, such as `100/minute`; unset, without limit."
    )
    log_requests: bool = Field(
        default=True, description="Whether each request leaves a line of JSON on standard output."
    )
    allowed_hosts: str = Field(
        default="", description="Names that the service goes by, separated by commas; unset, any `Host` will do."
    )
    exports_path: Path | None = Field(
        default=None,
        description="Folder where whole-dataset files and whole lists that were downloaded are kept, which several processes may share; unset, a temporary one.",
    )
    statement_timeout_ms: int = Field(
        default=5000, ge=10, description="The database gives up on a read after this many milliseconds."
    )
    pool_size: int = Field(
        default=8, ge=1, description="Connections to the database that one process keeps for reading."
    )
    database_replica_urls: str = Field(
        default="",
        description="Streaming replicas of a PostgreSQL database to read from, separated by commas, the primary in reserve.",
    )
    replica_lag_seconds: float = Field(
        default=5, ge=0, description="A replica that has been behind the primary for longer is not read from."
    )
    drain_seconds: float = Field(
        default=2, ge=0, description="At SIGTERM, for how long `/readyz` says 503 while requests are still answered."
    )

    @property
    def address(self) -> str:
        """The address that examples name, without a slash at its end."""
        return (self.public_url or self.local_url).rstrip("/")


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()


def bundled(name: str) -> Path:
    """A folder that comes with the program: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent
    return package / name if (package / name).is_dir() else package.parent / name


def documented() -> str:
    """All settings as the page docs/settings.md: `python -c "from app.settings import documented; print(documented())"`."""
    rows = [
        f"| `{name.upper()}` | {'unset' if info.default in (None, '') else f'`{info.default}`'} | {info.description} |"
        for name, info in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Environment variables, read once at the start. This page is generated from `app/settings.py`.",
            "",
            "| variable | unset means | what it is |",
            "|---|---|---|",
            *rows,
        ]
    )
