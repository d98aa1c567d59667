# Clerk as one image: `clerk` is the entry point, the command says what it is (gateway, worker, clock, ...).

FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements*.lock ./
# requirements-embedded.lock has what `clerk run` needs where there is no MongoDB.
ARG REQUIREMENTS=requirements.lock
# pip installs into the environment and stays out of it.
RUN python -m venv --without-pip /venv && pip --python /venv/bin/python install \
    --no-cache-dir --disable-pip-version-check --require-hashes -r "$REQUIREMENTS"
# What builds Clerk itself comes from the lock too, and stays out of the image.
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > build.lock \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY messages messages
COPY gateway gateway
COPY workers workers
COPY ops ops
COPY sandbox sandbox
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && pip --python /venv/bin/python install --no-deps --no-index /dist/*.whl \
    && /venv/bin/clerk --help > /dev/null

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --create-home --home-dir /home/clerk clerk \
    && install -d -o clerk -g clerk /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 CLERK_HOST=0.0.0.0 CLERK_DATA_DIR=/data
USER clerk
WORKDIR /home/clerk
EXPOSE 8080
ENTRYPOINT ["clerk"]
CMD ["--help"]
