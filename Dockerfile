FROM python:3.11-slim-bookworm

RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes --compile -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --compile . \
 && useradd --create-home postlake \
 && mkdir -p /lake /home/postlake/.prefect && chown -R postlake /lake /home/postlake
USER postlake
ENV POSTLAKE_LAKE=/lake
ENTRYPOINT ["postlake"]
CMD ["--help"]
