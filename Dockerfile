# A server of a finished run: docs/operation.md says how to use this image.
#
#   docker build -t bakeoff .
#   docker build -t bakeoff --build-arg TORCH_INDEX=URL .    # torch's CPU build (x86-64), from the index that holds it

ARG PYTHON=3.11-slim

FROM python:${PYTHON} AS build
# The index of torch's CPU builds: the image becomes several GB smaller. Without it, torch comes from pip's own index.
ARG TORCH_INDEX=
WORKDIR /build
RUN python -m venv /opt/bakeoff
ENV PATH=/opt/bakeoff/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Every file is checked against its hash.
COPY locks locks
RUN sh locks/install.sh /opt/bakeoff/bin/python
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-deps --no-build-isolation .

FROM python:${PYTHON}
RUN useradd --uid 10001 --create-home --home-dir /home/bakeoff --shell /usr/sbin/nologin bakeoff \
 && mkdir -p /data/runs /data/deployments /data/keys /home/bakeoff/.cache \
 && chown -R bakeoff:bakeoff /data /home/bakeoff
COPY --from=build /opt/bakeoff /opt/bakeoff
ENV PATH=/opt/bakeoff/bin:$PATH PYTHONUNBUFFERED=1 BAKEOFF_KEYS=/data/keys/keys.jsonl
USER 10001:10001
WORKDIR /data
VOLUME ["/data/deployments", "/data/keys", "/home/bakeoff/.cache"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["bakeoff"]
# A key is needed: the server can be reached from outside the container.
CMD ["serve", "pilot", "--host", "0.0.0.0", "--port", "8000", "--runs", "/data/runs", "--deployments", "/data/deployments"]
