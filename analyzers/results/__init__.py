"""From findings to stored results: documents with ids of their own, window by window."""
