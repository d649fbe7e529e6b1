# The CI runs the first RUN and the HEALTHCHECK outside a container, with other paths: keep them free of anything
# that only an image has.
FROM python:3.13-slim AS build
WORKDIR /build
COPY . .
RUN pip wheel --no-cache-dir --quiet --no-deps --wheel-dir dist . \
    && python -m venv --without-pip /opt/initiatives \
    && pip --python /opt/initiatives/bin/python install --no-cache-dir --quiet --constraint constraints.txt dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Initiatives API" \
      org.opencontainers.image.description="Who promised what to whom, by when, and which source says so" \
      org.opencontainers.image.licenses="MIT AND CC-BY-4.0"
RUN pip uninstall --yes --root-user-action ignore pip \
    && groupadd --system --gid 10001 initiatives \
    && useradd --system --uid 10001 --gid initiatives --home-dir /data --shell /usr/sbin/nologin initiatives \
    && install --directory --owner initiatives --group initiatives /data
COPY --from=build /opt/initiatives /opt/initiatives
ENV PATH="/opt/initiatives/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/initiatives.db
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["initiatives"]
CMD ["serve", "--host", "0.0.0.0"]
