# capilint as a command in a container:
#     docker build -t capilint .
#     docker run --rm -v "$PWD:/src:ro" capilint check .
FROM python:3.13-slim AS build
COPY . /capilint
RUN python -m venv /opt/capilint && /opt/capilint/bin/pip install --no-cache-dir /capilint

FROM python:3.13-slim
COPY --from=build /opt/capilint /opt/capilint
RUN useradd --create-home --uid 1000 capilint
USER 1000
WORKDIR /src
ENTRYPOINT ["/opt/capilint/bin/capilint"]
CMD ["--help"]
