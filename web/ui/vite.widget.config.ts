import { defineConfig } from 'vite'

/** The live-chat widget: one script without dependencies, kept beside the application in web/dist. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: '../dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: '../widget/widget.ts', formats: ['iife'], name: 'ParleyWidget', fileName: () => 'widget.js' },
  },
})
