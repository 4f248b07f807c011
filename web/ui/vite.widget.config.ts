import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const FILE = '../dist/widget.js'
/** Other people's pages wait for it. */
const MOST_BYTES = 15_000

/** Writes .br and .gz beside the script, and fails the build when it has grown too large. */
function slim(): Plugin {
  return {
    name: 'slim',
    apply: 'build',
    closeBundle() {
      const body = readFileSync(FILE)
      const gzipped = gzipSync(body, { level: 9 })
      if (gzipped.length > MOST_BYTES) {
        throw new Error(`widget.js is ${gzipped.length} bytes gzipped; at most ${MOST_BYTES} are allowed`)
      }
      writeFileSync(`${FILE}.gz`, gzipped)
      writeFileSync(`${FILE}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
    },
  }
}

/** The live-chat widget: one script without dependencies, kept beside the application in web/dist. */
export default defineConfig({
  publicDir: false,
  plugins: [slim()],
  build: {
    outDir: '../dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: '../widget/widget.ts', formats: ['iife'], name: 'ParleyWidget', fileName: () => 'widget.js' },
  },
})
