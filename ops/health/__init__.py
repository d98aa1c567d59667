"""How processes show that they are well: to `clerk health`, and to systemd."""
