"""How soon either end of a line to PostgreSQL gives up one that is dead: seconds, but for tcp_user_timeout (ms).

Without these a machine that vanishes without a word, as behind a cut line, is waited for as long as the kernel does:
minutes.
"""

# Our end's, by libpq's names (PostgreSQL's manual, 34.1.2).
OURS = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
# The same at PostgreSQL's, by its own names (19.3.2).
ITS = {f"tcp_{name.removeprefix('tcp_')}": value for name, value in OURS.items()}
