"""Quality: whether data are as they were declared to be, or as they used to be."""
