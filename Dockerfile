# Two images: `scintiloop` (every process of ours) and `label-studio` (with the guard). Each is a virtual environment
# built from its lock file on a plain Python; what built it stays behind.

FROM python:3.11.14-slim-bookworm AS base
# one account in both images: Label Studio reads the readers' image files that Scintiloop writes.
# A new volume takes its folder's owner from here.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 scintiloop \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin scintiloop \
    && cd /srv && mkdir -p scintiloop/blobs scintiloop/vault scintiloop/runs scintiloop/logs scintiloop/accounts \
        scintiloop/label_studio/data scintiloop/label_studio/files \
    && chown -R scintiloop:scintiloop scintiloop && chmod -R u=rwX,go= scintiloop
ENV PATH=/opt/environment/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /srv/scintiloop

FROM base AS scintiloop-build
RUN python -m venv --without-pip /opt/environment
COPY requirements.lock /build/
RUN pip install --no-cache-dir --constraint /build/requirements.lock setuptools
COPY pyproject.toml README.md LICENSE NOTICE /build/
COPY backend /build/backend
COPY converters /build/converters
COPY ml_backend /build/ml_backend
# the lock file pins every part; only those that the product itself needs are installed
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /build/wheel /build \
    && pip --python /opt/environment install --no-cache-dir --constraint /build/requirements.lock /build/wheel/*.whl

FROM base AS scintiloop
COPY --from=scintiloop-build /opt/environment /opt/environment
USER 10001:10001
CMD ["scintiloop", "--help"]

FROM base AS label-studio-build
RUN python -m venv --without-pip /opt/environment
COPY requirements-label-studio.lock /build/
RUN pip --python /opt/environment install --no-cache-dir --requirement /build/requirements-label-studio.lock

FROM base AS label-studio
COPY --from=label-studio-build /opt/environment /opt/environment
COPY backend/services/label_studio_site /opt/label_studio_site
USER 10001:10001
CMD ["python", "-m", "label_studio.server", "--help"]
