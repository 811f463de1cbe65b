"""A preforked model service: gunicorn, FastAPI and three workers."""
