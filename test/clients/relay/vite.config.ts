import babel from '@rolldown/plugin-babel';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [babel({ cwd: import.meta.dirname, plugins: ['relay'] })] });
