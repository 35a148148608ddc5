# syntax=docker/dockerfile:1
# One image for every process; docker-compose.yaml says which command each runs.

FROM python:3.12-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_CACHE_DIR=/var/cache/uv
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.8 && python -m venv /opt/venv
COPY requirements.txt requirements-traces.txt ./
RUN --mount=type=cache,target=/var/cache/uv uv pip install --python /opt/venv/bin/python --requirement requirements.txt --requirement requirements-traces.txt

FROM python:3.12-slim-bookworm
# Nothing in the image may be changed by the process that runs in it, except VAR_DIR.
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin marketplace \
    && mkdir -p /app /var/lib/marketplace \
    && chown marketplace /var/lib/marketplace
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=marketplace.settings.production \
    VAR_DIR=/var/lib/marketplace \
    STATIC_ROOT=/app/static
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY marketplace marketplace
COPY users users
COPY stores stores
COPY funds funds
COPY links links
COPY promotions promotions
COPY purchases purchases
COPY notifications notifications
# The secrets are for this one command; none of them is kept in the image.
RUN key() { python -c 'import secrets; print(secrets.token_hex(32))'; } && \
    SECRET_KEY="$(key)" JWT_SIGNING_KEY="$(key)" LOG_HASH_KEY="$(key)" PUSH_SERVICE="file" \
    python manage.py collectstatic --no-input --verbosity 0
USER 10001
VOLUME /var/lib/marketplace
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# Two workers with one thread each answered twice as many requests as any other shape that was measured.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "1", "--no-ws", "marketplace.wsgi:application"]
