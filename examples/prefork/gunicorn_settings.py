"""How gunicorn serves the example."""

wsgi_app = "examples.prefork.service:app"
worker_class = "uvicorn_worker.UvicornWorker"
workers = 3
preload_app = True
bind = "127.0.0.1:8000"
