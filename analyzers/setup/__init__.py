"""What a cluster needs before records arrive: templates, and how they are installed."""
