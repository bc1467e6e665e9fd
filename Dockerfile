# Alpine is the smallest of Node's images, and no dependency is compiled for another C library.
FROM node:24-alpine AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Node comes from the image: the package "node" is a development dependency. No package needs its scripts, types or source maps.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24-alpine
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Run without npm or a shell in between, so that signals reach Node.
CMD ["node", "src/node.ts"]
