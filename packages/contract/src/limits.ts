/** Every bound that a caller can meet, in one place, each with its unit in its name and its reason. */
export const limits = {
  /** JSON bodies of the control API: the largest legitimate one is a grant with a long scope. */
  apiBodyBytesMax: 1_048_576,
  /** Depth of JSON nesting that we parse: deeper is an attack on recursive code. */
  jsonDepthMax: 64,
  /** Names are shown in tables. */
  nameCharsMax: 120,
  descriptionCharsMax: 2_000,
  /** A secret is a key, a token, a PEM bundle or a service account file. */
  secretBytesMax: 65_536,
  pageItemsDefault: 50,
  pageItemsMax: 200,
  /** Tokens are short-lived: minutes by default, never more than a working day. */
  tokenSecondsDefault: 600,
  tokenSecondsMin: 30,
  tokenSecondsMax: 28_800,
  /** A token handed on more often than this is a loop, or hides who acts. */
  delegationDepthMax: 5,
  /** Claims that one trust rule pins. */
  claimConditionsMax: 20,
  /** Audiences that one trust rule accepts. */
  audiencesMax: 10,
  /** Keys of an issuer: a JWKS or a SPIFFE bundle. */
  issuerKeysBytesMax: 262_144,
  /** Between the browser's way back with a code and its use (RFC 6749, section 4.1.2 asks for ten minutes at most). */
  authorizationCodeSecondsMax: 60,
  /** A refresh token that is not used for this long is dead; each use makes a new one. */
  refreshTokenDaysMax: 14,
  /** A person's yes to a client lasts this long; then they are asked again. */
  consentDaysMax: 90,
  /** What the consent page proposes: long enough for a piece of work. */
  consentDaysDefault: 30,
  /** Redirect addresses of one registered client: its versions and platforms. */
  redirectUrisMax: 20,
  redirectUriCharsMax: 1_000,
  /** An authorization request as it travels through the browser's address line. */
  authorizationRequestCharsMax: 8_192,
  /** RFC 8628: how long a device's code can be typed in. */
  deviceCodeMinutesMax: 10,
  /** RFC 8628: how often a device may ask whether its code was approved. */
  devicePollSecondsMin: 5,
  /** What `keyward login` by browser or device code gives: a working day, for it lies in a file. */
  loginTokenHoursMax: 12,
  /** A client ID metadata document: some lines of JSON. */
  clientDocumentBytesMax: 16_384,
  /** Groups of an identity provider that are mapped to roles. */
  groupMappingsMax: 200,
  /** Of one person's groups, more are not looked at: providers themselves leave out long lists. */
  groupsMax: 2_000,
  groupCharsMax: 300,
  /** The way to an identity provider and back: long enough for a second factor. */
  providerSignInMinutesMax: 10,
  /** What an identity provider answers to anything. */
  providerAnswerBytesMax: 262_144,
  /** A second admin's yes can be used for this long. */
  secondOpinionMinutesMax: 30,
  /** An idempotency key is remembered for a day. */
  idempotencySecondsMax: 86_400,
  idempotencyKeyCharsMax: 128,
  /** Request bodies through the gateway: long contexts with images. Larger uploads go through /files, streamed. */
  gatewayJsonBytesMax: 33_554_432,
  gatewayUploadBytesMax: 536_870_912,
  gatewayHeaderBytesMax: 65_536,
  /** The side parser's buffer for one SSE event; a longer event passes through unread and its usage counts as unknown. */
  sseEventBytesMax: 1_048_576,
  /** Access tokens that we accept for parsing. Ours are under 2 KiB. */
  tokenBytesMax: 16_384,
  /** A node that has not heard the change feed for this long refuses (promise 5). */
  deafAfterMs: 1_500,
  changePollMs: 200,
  /** How long a model call may take as a whole before it is cut and settled. */
  callSecondsDefault: 600,
  callSecondsMax: 3_600,
  upstreamConnectMsMax: 10_000,
  /** Scopes: entries in one list. */
  scopeEntriesMax: 200,
  /** One report of a scanner: what fits a body with some places each. */
  reportDetectionsMax: 500,
  /** Places told for one secret in one report; the scanner keeps no more. */
  reportSightingsMax: 200,
  /** Places answered with one detection, the newest first; the others are counted. */
  sightingsShownMax: 200,
  pathCharsMax: 1_024,
  sessionHoursMax: 12,
  sessionIdleMinutesMax: 120,
  /** Dangerous acts need an authentication that is at most this old. */
  freshAuthMinutesMax: 10,
  signInLinkMinutesMax: 10,
  localLoginMinutesMax: 60,
  apiTokenDaysDefault: 90,
  apiTokenDaysMax: 365,
  passwordCharsMin: 12,
  passwordCharsMax: 256,
} as const
