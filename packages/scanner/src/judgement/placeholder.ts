/**
 * Words that nobody's random generator writes by chance. Long ones count anywhere in any case. Short ones count where chance is out of
 * the question: written in one case at the beginning of a part, or alone. (A list of words that counts anywhere loses real passwords.)
 */
const longWords =
  /example|placeholder|change.?me|change.?it|redacted|insert.?(?:your|here|key|token)|replace.?(?:me|with|this)|your.?(?:api|key|token|secret|own|real|password|access|client|account|project|org)|my.?(?:api.?key|secret.?key|access.?key|token)|not.?(?:a.?)?real|(?:test|dummy|fake|sample|mock|demo|some|any)[_-]?(?:api[_-]?)?(?:key|token|secret|password|value)|foobar|lorem.?ipsum|deadbeef|fakefake|cafebabe|undefined|removed|masked|super.?secret|top.?secret|to.?be.?(?:set|filled|replaced)|fill.?me/i
const shortWords =
  /(?:^|[-_.:/+=])(?:FAKE|fake|Fake|TEST|DUMMY|dummy|Dummy|SAMPLE|sample|MOCK|YOUR|your|TODO|XXXX|xxxx|NONE|HERE|TEMP|abcd|ABCD|DEMO)(?=[-_.:/+=]|$|[A-Z0-9])|(?:^|[-_.:/+=])(?:test|demo|mock|none|null|here|todo|temp|tbd|foo|bar|baz|qux|asdf)(?:[-_.:/+=]|$)/
const templates =
  /\$\{|\$\(|\{\{|\}\}|<[A-Za-z_ /-]{1,40}>|%[sdv(]|%\{|#\{|\.\.\.|\*{3,}|\[[A-Z_ -]{3,30}\]|^\$[A-Za-z_]|^@[A-Za-z_.]+@$|^%[A-Za-z_]+%$|…|\xe2\x80\xa6|\xe2\x9f\xa6/
/** What a format itself says of test and live: no reason to think of a stand-in. */
const modes = /^[a-z]{2,8}[_-](?:test|live|sandbox|production|development)[_-]/
/** Chance repeats twelve characters less than once in a billion keys, of hex digits too. */
const repeatedCharactersMin = 12
/** Chance writes these four letters into one key of 100 characters in 100,000, and one of the lower-case formats in 30,000. */
const fakeUpToLength = 1_000
/** In a text as long as a key file, chance writes four letters. */
const shortWordsUpToLength = 300
const sequences = [
  'abcdefgh',
  'hgfedcba',
  '12345678',
  '01234567',
  '87654321',
  'qwertyui',
  'asdfghjk',
  'a1b2c3d4',
  '1a2b3c4d',
  '1q2w3e4r',
  'abc123abc',
  'abcd1234',
  '0a1b2c3d',
]

/** Whether the secret is a stand-in, and by what it shows; undefined where it could be real. */
export function placeholderReason(secret: string): string | undefined {
  if (templates.test(secret)) return 'It is a template or a masked value, to be filled in.'
  const lower = secret.toLowerCase()
  const worded = secret.replace(modes, '')
  if (
    longWords.test(worded) ||
    (worded.length <= fakeUpToLength && /FAKE|fake/.test(worded)) ||
    (worded.length <= shortWordsUpToLength && shortWords.test(worded))
  )
    return 'A word in it says that it is a stand-in or an example.'
  for (const sequence of sequences) if (lower.includes(sequence)) return 'It runs along the alphabet or the keyboard.'
  const body = longestRun(secret)
  if (repeatedCharacters(body)) return 'It repeats one character.'
  if (body.length >= 16 && distinct(body) <= Math.min(6, body.length / 4)) return 'It is made of very few different characters.'
  if (isPeriodic(secret)) return 'It repeats the same few characters over and over.'
  if (isStaircase(body)) return 'Its characters follow each other in order.'
  return undefined
}

/** The longest run of letters and digits: where a format's randomness is. */
export function longestRun(text: string): string {
  let best = ''
  for (const run of text.split(/[^A-Za-z0-9]+/)) if (run.length > best.length) best = run
  return best
}

/** Eight of the same in a row; zeros and As only from twelve on, for encoded numbers begin and end in them. */
function repeatedCharacters(body: string): boolean {
  return /([1-9B-Zb-z])\1{7}|([0Aa])\2{15}/.test(body)
}

function distinct(body: string): number {
  return new Set(body).size
}

/** A piece of up to ten characters that comes again and again right after itself. Runs of A and of 0 are encoded zeros. */
function isPeriodic(text: string): boolean {
  for (let period = 1; period <= 10; period++) {
    let same = 0
    for (let at = period; at < text.length; at++) {
      same = text[at] === text[at - period] ? same + 1 : 0
      if (same >= repeatedCharactersMin && !/^(?:A+|0+)$/.test(text.slice(at - repeatedCharactersMin, at + 1))) return true
    }
  }
  return false
}

/** Six in ten steps go up or down by one, as in `9876543210fedcba` and `AbCdEfGh`. */
function isStaircase(body: string): boolean {
  if (body.length < 12) return false
  const lower = body.toLowerCase()
  let steps = 0
  for (let at = 1; at < lower.length; at++) if (Math.abs(lower.charCodeAt(at) - lower.charCodeAt(at - 1)) === 1) steps++
  return steps >= (lower.length - 1) * 0.6
}
