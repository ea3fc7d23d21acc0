# The server, the deployments, the worker and the Dask cluster of docker-compose.yml, from the versions in requirements.lock.
FROM python:3.11.14-slim-bookworm AS build
# pip 24, which comes with the image, takes no hashes from a constraint
RUN python -m venv /opt/postlake && /opt/postlake/bin/pip install --no-cache-dir pip==26.3
ENV PATH=/opt/postlake/bin:$PATH PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY pyproject.toml requirements.lock ./
# the lock also holds what only developers need; hatchling and editables install ourselves
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['dask'], 'hatchling', 'editables', sep='\n')" > /tmp/needed \
 && pip install --require-hashes --compile --constraint requirements.lock --requirement /tmp/needed
COPY README.md prefect.yaml automations.yaml ./
COPY cli cli
COPY flows flows
COPY lake lake
COPY posts posts
COPY schemas schemas
RUN pip install --no-deps --no-build-isolation --editable . \
 && python -m compileall -q .

FROM python:3.11.14-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 # mounted repositories belong to another user; postlake lets none of their settings start a program
 && git config --system safe.directory '*' \
 && useradd --uid 10001 --create-home postlake \
 # volumes take over the owner of the folder that they are mounted on
 && install -d -o postlake -g postlake /lake /posts /home/postlake/.cache/postlake /home/postlake/.prefect
COPY --from=build /opt/postlake /opt/postlake
COPY --from=build /app /app
ENV PATH=/opt/postlake/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 POSTLAKE_LAKE=/lake
WORKDIR /app
USER 10001:10001
CMD ["postlake", "--help"]
