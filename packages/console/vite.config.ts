import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { plainContract } from './build/plain-contract.ts'

export default defineConfig({
  plugins: [plainContract(fileURLToPath(new URL('../contract/src', import.meta.url))), react(), tailwind()],
  build: {
    target: 'es2024',
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    // The page policy allows scripts and fonts from our own origin only: nothing is inlined as data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Schemas are made by calls that do nothing else: those nobody uses go.
    rolldownOptions: { treeshake: { manualPureFunctions: ['z'] } },
  },
})
