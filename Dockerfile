# The image of Orchestrator: web and controllers in one process; other commands of manage.py do other parts.
# Nothing in it is written to while it runs: /data holds SQLite's file where no DATABASE_URL is given, /tmp wants a tmpfs.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
# Locked packages before our own files: this layer is used again until a lock changes.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
# Settings want keys before they load; these two sign and encrypt nothing and stay in this stage.
RUN SECRET_KEY=only-while-the-image-is-built-only-while-the-image-is-built \
    ENCRYPTION_KEY=b25seS13aGlsZS10aGUtaW1hZ2UtaXMtYnVpbHQtISE= \
    DATABASE_URL=sqlite:////tmp/build.sqlite3 \
    python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q orchestrator apis dashboard \
 && rm requirements.txt

FROM python:3.11-slim-bookworm
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Orchestrator" \
      org.opencontainers.image.description="A self-hosted control plane for on-demand environments on Kubernetes and Docker" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
# A number, so that Kubernetes can see for itself that this is not root (runAsNonRoot).
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp orchestrator \
 && mkdir /data && chown 10001:10001 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=sqlite:////data/orchestrator.sqlite3
VOLUME /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import http.client, os, sys; server = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); server.request('GET', '/livez'); sys.exit(server.getresponse().status >= 500)"]
CMD ["python", "manage.py", "serve"]
