"""Themis's store on PostgreSQL: one database that many processes write, and a folder of blobs.

The store is `themis_postgres.store:PostgresRunStore`; `themis_postgres.testing` starts a server.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
