"""Alembic runs this: the steps go over the connection that `upgrade` gives, in its transaction."""

from alembic import context

from pipeline.registry.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters few things in place
)
context.run_migrations()
