import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'

const DIST = '../dist'

/** The service worker: one script beside the application in web/dist, built last, because it bears the build's version. */
export default defineConfig(() => ({
  publicDir: false as const,
  define: { VERSION: JSON.stringify(createHash('sha256').update(readFileSync(`${DIST}/index.html`)).digest('hex').slice(0, 12)) },
  build: {
    outDir: DIST,
    emptyOutDir: false,
    target: 'baseline-widely-available',
    lib: { entry: 'src/push/worker.ts', formats: ['iife' as const], name: 'ParleyWorker', fileName: () => 'sw.js' },
  },
}))
