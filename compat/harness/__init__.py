"""What `compat/run` is made of: servers, clients and how they are brought, transcripts, reports.

A client's program takes the server from libpq's environment (PGHOST, PGPORT, PGUSER, PGPASSWORD,
PGDATABASE, PGSSLROOTCERT; REFERENCE_PORT is PostgreSQL's) and prints a transcript: `== name` opens a check, the lines below are its
result, `!! reason` says that the check failed by the client's own lights. The same program runs
against both servers; a check passes on KalamDB when its lines are those of PostgreSQL.
"""
