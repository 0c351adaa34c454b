"""Settings: `BATCH_CLASSIFIER_…` variables, or lines of a `.env` file at the root; the deployment chooses the defaults."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from batch_classifier.errors import SettingError
from batch_classifier.file_access import FileAccess
from batch_classifier.limits import Limits

PREFIX = "BATCH_CLASSIFIER_"
# A century; the calendar has no place for much longer.
_MOST_DAYS = 36_500


def _permissions(value: Any) -> Any:
    """Permissions as `chmod` takes them, such as 600 or 0660."""
    if not isinstance(value, str):
        return value
    try:
        mode = int(value.strip().removeprefix("0o"), 8)
    except ValueError:
        mode = -1
    if not 0o600 <= mode <= 0o666 or mode & 0o111 or mode & 0o600 != 0o600:
        raise ValueError("must be permissions of files that their owner can read and write, such as 600, 640 or 660")
    return mode


def _as_chmod_takes_them(mode: int) -> str:
    """The other way around: 0o600 as "600", as it stands in the environment or in `.env`."""
    return f"{mode:o}"


class Settings(BaseSettings):
    """What a deployment can choose. A value that is not set follows from `deployment`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8-sig",
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
    )

    deployment: Literal["local", "aws"] = Field(default="local", description="chooses the defaults of all the others")
    home: Path = Field(default=Path("data"), description="folder of the local files and the DuckDB warehouse")
    prompts: Path = Field(default=Path("prompts"), description="folder of the prompt files")
    prices: Path | None = Field(
        default=None,
        description="file of the models' prices; by default prices.yaml in the home, else the package's own",
    )
    customer_uri: str | None = Field(
        default=None, description="request files and results: a folder or s3://bucket/prefix"
    )
    internal_uri: str | None = Field(default=None, description="batches and answers: a folder or s3://bucket/prefix")
    inference: Literal["local", "bedrock"] | None = Field(
        default=None, description="who answers; by default the deployment's"
    )
    warehouse: Literal["duckdb", "athena"] | None = Field(
        default=None, description="where the tables are; by default the deployment's"
    )
    bedrock_role_arn: str | None = Field(default=None, description="service role of Bedrock's batch jobs")
    bedrock_max_jobs: int = Field(
        default=20, ge=1, description="batch jobs in flight for each model, as the quota allows"
    )
    bedrock_timeout_hours: int = Field(default=72, ge=24, le=168, description="after this a batch job expires")
    bedrock_poll_seconds: float = Field(
        default=15, gt=0, allow_inf_nan=False, description="how often a waiting run asks for its jobs"
    )
    on_demand_concurrency: int = Field(
        default=8, ge=1, le=100, description="calls at once for what is answered on demand"
    )
    glue_database: str = Field(default="batch_classifier", description="database of the tables in the Glue catalog")
    tables_uri: str | None = Field(
        default=None, description="s3:// address of the tables; by default below INTERNAL_URI"
    )
    athena_workgroup: str = Field(default="primary", description="workgroup of the queries")
    athena_output: str | None = Field(default=None, description="s3:// address of query results")
    kms_key_id: str | None = Field(default=None, description="KMS key that encrypts what is written to S3")
    sqs_url: str | None = Field(default=None, description="queue of S3 events; without it the folder is only listed")
    alert_urls: str | None = Field(default=None, description="where alerts go: apprise URLs, separated by spaces")
    alert_topic_arn: str | None = Field(default=None, description="where alerts go: a topic of SNS")
    ui_host: str = Field(default="127.0.0.1", description="address that the Dagster UI of `ui` listens on")
    ui_port: int = Field(default=3000, ge=1, le=65_535, description="port of that UI")
    dashboard_host: str = Field(default="127.0.0.1", description="address that `dashboard` listens on")
    dashboard_port: int = Field(default=8501, ge=1, le=65_535, description="port of the dashboard")
    dashboard_url: str | None = Field(
        default=None, description="address of the dashboard, for links to it; else this machine's"
    )
    ui_url: str | None = Field(default=None, description="address of Dagster's web interface, for links in alerts")
    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=_MOST_DAYS,
        description="days that batches and answers are kept in a local folder; without it, for good",
    )
    request_retention_days: int | None = Field(
        default=None,
        ge=1,
        le=_MOST_DAYS,
        description="days that classified request files are kept; without it, for good",
    )
    result_retention_days: int | None = Field(
        default=None, ge=1, le=_MOST_DAYS, description="days that result files are kept; without it, for good"
    )
    file_mode: Annotated[int, BeforeValidator(_permissions), PlainSerializer(_as_chmod_takes_them, return_type=str)] = (
        Field(
            default=FileAccess.mode,
            description="permissions of the files that are written on this machine, as chmod takes them; folders follow",
        )
    )
    max_file_bytes: int = Field(
        default=Limits.file_bytes, ge=1, description="bytes that a request file may have, as it lies there and unpacked"
    )
    max_cell_bytes: int = Field(
        default=Limits.cell_bytes, ge=1_000, description="bytes that one cell of a request file may have"
    )
    max_unpacked_ratio: int = Field(
        default=Limits.unpacked_ratio,
        ge=1,
        description="how many times its own size a packed request file (.gz, workbook, Parquet) may unpack to, beyond 100 MB",
    )
    wait_seconds: float | None = Field(default=None, ge=0, description="how long batch_job waits for its jobs")

    @property
    def dashboard_address(self) -> str:
        """Where a browser finds the dashboard, without a slash at the end."""
        return (self.dashboard_url or f"http://localhost:{self.dashboard_port}").rstrip("/")

    @property
    def inference_kind(self) -> str:
        """`local` or `bedrock`."""
        return self.inference or {"local": "local", "aws": "bedrock"}[self.deployment]

    @property
    def warehouse_kind(self) -> str:
        """`duckdb` or `athena`."""
        return self.warehouse or {"local": "duckdb", "aws": "athena"}[self.deployment]

    @property
    def file_access(self) -> FileAccess:
        """Who may read the files that are written."""
        return FileAccess(self.file_mode)

    @property
    def limits(self) -> Limits:
        """How large a request file and what is in it may be."""
        return Limits(self.max_file_bytes, self.max_cell_bytes, self.max_unpacked_ratio)

    @property
    def customer_location(self) -> str:
        """Where request files are dropped and results appear; raises SettingError on AWS without one."""
        return self.customer_uri or self._home_or_refuse("customer_uri", self.home)

    @property
    def internal_location(self) -> str:
        """Where batches and answers are kept; raises SettingError on AWS without one."""
        return self.internal_uri or self._home_or_refuse("internal_uri", self.home / "internal")

    @property
    def tables_location(self) -> str:
        """Where the tables of the Athena warehouse are."""
        return self.tables_uri or f"{self.internal_location.rstrip('/')}/tables"

    @property
    def forgotten_location(self) -> str:
        """Where it is kept what was forgotten, without its text: beside the tables, where no retention clears anything away."""
        if self.warehouse_kind == "athena":
            return f"{self.tables_location.rstrip('/')}/_forgotten"
        return str(self.home / "forgotten")

    @property
    def waits_for_jobs(self) -> float | None:
        """Seconds that batch_job waits in a run; None is without end, the default on a laptop."""
        if self.wait_seconds is not None:
            return self.wait_seconds
        return None if self.inference_kind == "local" else 0.0

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file."""
        return self.home / "warehouse.duckdb"

    def _home_or_refuse(self, setting: str, folder: Path) -> str:
        if self.deployment == "local":
            return str(folder)
        raise SettingError(
            f"{PREFIX}{setting.upper()} is not set; the aws deployment needs it, as in s3://bucket/prefix."
        )


def load_env_file() -> None:
    """Let the `.env` file of this folder fill the variables that are not set, also boto3's own.

    Raises SettingError where it cannot be read as text.
    """
    from dotenv import load_dotenv

    path = Path.cwd() / ".env"
    try:
        # Some editors put a byte-order mark before UTF-8, which would be part of the first name.
        load_dotenv(path, override=False, encoding="utf-8-sig")
    except ValueError as error:
        # Other bytes than those of UTF-8, or the NULs of UTF-16, which no variable can hold.
        raise SettingError(f"{path} is not UTF-8 text; save it as that.") from error
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}.") from error


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `.env` fills boto3's variables too. Raises SettingError naming the variable that cannot be used."""
    load_env_file()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        fault = error.errors()[0]
        name = f"{PREFIX}{str(fault['loc'][0]).upper()}"
        value = os.environ.get(name, fault["input"])
        # What is before the words of a check of our own is pydantic's.
        said = fault["msg"].removeprefix("Value error, ")
        raise SettingError(f"{name} is {value!r}: {said[0].lower()}{said[1:]}.") from error


class _Deployment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    deployment: str = "local"


def chosen_deployment() -> str:
    """The deployment's name alone, also where another setting has a fault; raises SettingError where `.env` cannot be read as text."""
    load_env_file()
    return _Deployment().deployment
