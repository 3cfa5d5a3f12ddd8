# Two stages: the first has Rust, a C++ compiler and libclang; the second only the binary.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libclang-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The dependencies alone first, so that a change of our own code does not build them again.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked && rm -r src
COPY src ./src
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:bookworm-slim
# ICU's collations; without it all else works.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libicu72 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/kalamdb kalamdb
COPY --from=build /src/target/release/kalamdb /usr/local/bin/kalamdb
USER kalamdb
WORKDIR /var/lib/kalamdb
VOLUME /var/lib/kalamdb
EXPOSE 5432
# Listening beyond loopback needs a password: set KALAMDB_PASSWORD.
ENV KALAMDB_DATA_DIR=/var/lib/kalamdb/data KALAMDB_LISTEN=0.0.0.0:5432
ENTRYPOINT ["kalamdb"]
CMD ["server"]
