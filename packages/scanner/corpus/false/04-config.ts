export const config = {
  openaiApiKey: process.env.OPENAI_API_KEY,
  mistralApiKey: requireEnvironmentVariable('MISTRAL_API_KEY'),
  secretKeyHeaderName: 'x-service-secret-key-header',
  maxTokens: 4096,
  tokenEndpoint: 'https://login.example.com/oauth2/token',
  publicKey: 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0',
  apiKeyPlaceholder: 'Enter your API key',
  password: passwordFromPrompt,
}
