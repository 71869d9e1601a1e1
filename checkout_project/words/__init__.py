"""What buyers read, in their languages: the catalogues below `locale/`, made, mended and compiled."""
