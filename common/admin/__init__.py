"""Admin pages of records that only rules write."""
