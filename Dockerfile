# Alpine is the smallest of Node's images. The build's result runs on any platform.
FROM node:24-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Node comes from the image, and no other package needs its scripts.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts ./
COPY src src
RUN npm run build

# The bundles contain all packages: no node_modules.
FROM node:24-alpine
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/dist dist
COPY package.json ./
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT?.trim() || 4000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Run without npm or a shell in between, so that signals reach Node.
CMD ["node", "dist/gateway.js"]
