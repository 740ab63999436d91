import { defineConfig } from 'vitest/config'

const deep = process.env.KEYWARD_DEEP === '1'

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'tests/**/*.test.ts',
      'scripts/**/*.test.ts',
      ...(deep ? ['tests/**/*.deep.ts', 'packages/*/test/**/*.deep.ts'] : []),
    ],
    exclude: ['**/node_modules/**', '**/dist/**', 'packages/scanner/corpus/**'],
    globalSetup: ['./tests/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: deep ? 1_800_000 : 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/closing-line-reporter.ts'],
  },
})
