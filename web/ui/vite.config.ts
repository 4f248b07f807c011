import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const OUT_DIR = '../dist'
const SERVER = process.env.PARLEY_SERVER ?? 'http://127.0.0.1:8000'

/** Writes .br and .gz beside every text file, so the server never compresses while answering. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(OUT_DIR, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg|json)$/.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const body = readFileSync(path)
        if (body.length < 1024) continue
        writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }))
      }
    },
  }
}

/** What several pages share would be named by all of them, and change its name with each. */
function fileName(name: string, ending: string): string {
  return `assets/${name.startsWith('shared~') ? 'shared' : '[name]'}-[hash].${ending}`
}

export default defineConfig({
  plugins: [react(), precompress()],
  publicDir: '../public',
  css: { postcss: './postcss.config.cjs' },
  build: {
    outDir: OUT_DIR,
    emptyOutDir: true,
    target: 'baseline-widely-available',
    manifest: true,
    // A data: URI would be refused by the content security policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        chunkFileNames: ({ name }) => fileName(name, 'js'),
        assetFileNames: ({ names }) => fileName(names[0] ?? '', '[ext]'),
        // What every page needs comes as one file, and what several need in few: each file costs a request, and a page
        // of dozens opens later than one of a few kilobytes more.
        codeSplitting: {
          groups: [
            { name: 'index', tags: ['$initial'], priority: 3 },
            { name: 'charts', test: /[\\/]node_modules[\\/](@mantine[\\/]charts|recharts)[\\/]/, priority: 2 },
            { name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 15_000, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': SERVER,
      '/files': SERVER,
      '/ws': { target: SERVER, ws: true },
    },
  },
})
