import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const DIST = '../dist'
/** Other people's pages wait for the first script. */
const MOST_BYTES = { 'widget.js': 15_000, 'widget-more.js': 9_000 }

/** Writes .br and .gz beside a script, and fails the build when it has grown too large. */
function slim(name: keyof typeof MOST_BYTES): Plugin {
  return {
    name: 'slim',
    apply: 'build',
    closeBundle() {
      const body = readFileSync(`${DIST}/${name}`)
      const gzipped = gzipSync(body, { level: 9 })
      if (gzipped.length > MOST_BYTES[name]) {
        throw new Error(`${name} is ${gzipped.length} bytes gzipped; at most ${MOST_BYTES[name]} are allowed`)
      }
      writeFileSync(`${DIST}/${name}.gz`, gzipped)
      writeFileSync(`${DIST}/${name}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
    },
  }
}

/**
 * The live-chat widget, kept beside the application in web/dist: one script without dependencies, and a second one
 * (`--mode more`, built first) that it imports when a visitor asks for what is in it.
 */
export default defineConfig(({ mode }) => {
  const shared = { outDir: DIST, emptyOutDir: false, target: 'es2022' }
  if (mode === 'more') {
    return {
      publicDir: false as const,
      plugins: [slim('widget-more.js')],
      build: {
        ...shared,
        rolldownOptions: {
          input: '../widget/more.ts',
          preserveEntrySignatures: 'strict' as const,
          output: { format: 'es' as const, entryFileNames: 'widget-more.js', minify: true },
        },
      },
    }
  }
  const version = createHash('sha256').update(readFileSync(`${DIST}/widget-more.js`)).digest('hex').slice(0, 8)
  return {
    publicDir: false as const,
    plugins: [slim('widget.js')],
    define: { MORE_VERSION: JSON.stringify(version) },
    build: {
      ...shared,
      lib: { entry: '../widget/widget.ts', formats: ['iife' as const], name: 'ParleyWidget', fileName: () => 'widget.js' },
    },
  }
})
