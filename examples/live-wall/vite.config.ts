import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where the gateway listens; its host must be a loopback address unless the gateway authenticates callers. */
const gateway = process.env['GATEWAY'] ?? 'http://127.0.0.1:4000';
// The page and the gateway share an origin, so that no CORS is needed. The gateway must see the page's host: it compares the
// host with the origin of WebSockets. Hence no `changeOrigin`.
const proxy = { '/graphql': { target: gateway, ws: true, changeOrigin: false } };

export default defineConfig({
  plugins: [react()],
  // hls.js, which is loaded on demand, is larger than Vite's default of 500 kB.
  build: { chunkSizeWarningLimit: 600 },
  server: { host: '127.0.0.1', port: Number(process.env['PAGE_PORT'] ?? 5173), strictPort: true, proxy },
  preview: { host: '127.0.0.1', port: Number(process.env['PAGE_PORT'] ?? 5173), strictPort: true, proxy },
});
