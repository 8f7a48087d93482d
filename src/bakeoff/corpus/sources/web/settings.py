"""Pages of a site: `{web: https://docs.example.com/, crawl: true}`, or with `sitemap:` or `urls:`.

Takes plain values, gives a frozen record. Contacts nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from bakeoff.corpus.sources.settings import SourceSettings, Texts, resolved, without_password
from bakeoff.corpus.sources.web.addresses import Site, normal, site_of
from bakeoff.protocols import Source


class WebSettings(SourceSettings):
    """`web` is the address below which all pages are. They are found by exactly one of `crawl`, `sitemap` and `urls`.

    `urls` are addresses, or a file with one on each line. `exclude` are globs of paths, such as `/docs/old/*`.
    Requests begin at least `delay_s` apart, `concurrency` at once. `allow_private` allows a site of your own network.
    """

    kind: ClassVar[str] = "web"

    web: str
    crawl: bool = False
    sitemap: str = ""
    urls: Texts = ()
    exclude: Texts = ()
    limit: int = Field(default=1000, ge=1, le=1_000_000)
    depth: int = Field(default=10, ge=0, le=1000)
    delay_s: float = Field(default=0.5, ge=0, le=3600)
    concurrency: int = Field(default=4, ge=1, le=16)
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    max_mb: float = Field(default=20.0, gt=0, le=1000)
    max_minutes: float = Field(default=60.0, gt=0)
    allow_private: bool = False

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values; relative paths in `urls` begin at the folder of bakeoff.yaml."""
        urls = values.get("urls", ())
        many = list(urls) if isinstance(urls, list | tuple) else [urls]
        named = [one if str(one).startswith(("http://", "https://")) else resolved(one, folder) for one in many]
        return {**values, "urls": named} if named else dict(values)

    @field_validator("web")
    @classmethod
    def _is_address(cls, address: str) -> str:
        without_password(address)
        if not normal(address):
            raise ValueError(f"{address[:80]!r} is no address of a site: write it like https://docs.example.com/")
        return normal(address)

    @model_validator(mode="after")
    def _says_where_pages_are(self) -> "WebSettings":
        ways = [name for name in ("crawl", "sitemap", "urls") if getattr(self, name)]
        if len(ways) != 1:
            found = f"{' and '.join(ways)} are given" if ways else "none is given"
            raise ValueError(f"pages are found by one of crawl: true, sitemap: ADDRESS and urls: LIST; {found}")
        if self.sitemap and not self.site.own(normal(self.sitemap, self.web)):
            raise ValueError(f"the sitemap should be on {urlsplit(self.web).netloc}, not at {self.sitemap[:80]!r}")
        return self

    @property
    def site(self) -> Site:
        """Which pages belong to the source."""
        return site_of(self.web, self.exclude)

    def open(self, folder: Path | None = None) -> Source:
        from bakeoff.corpus.sources.web.source import WebSource

        return WebSource(self)
