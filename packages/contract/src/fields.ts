import { z } from 'zod'
import { limits } from './limits.ts'

/** Fields that several resources share. */
export const Name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(limits.nameCharsMax)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must not contain control or invisible characters')
export const Description = z.string().trim().max(limits.descriptionCharsMax)
/** The name that stands in gateway addresses: `/g/{name}/…`. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 lower-case letters, digits and inner hyphens')
export const EnvironmentName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits and inner hyphens')
export const Provider = z.string().regex(/^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/, 'must be a provider slug such as openai or anthropic')
export const Origin = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.parse(text)
  return url !== null && url.origin === text.replace(/\/$/, '')
}, 'must be an origin such as https://api.openai.com, without a path')
export const Reason = z.string().trim().min(3, 'say why, in at least 3 characters').max(500)
export const Labels = z
  .record(z.string().regex(/^[a-zA-Z0-9_.-]{1,63}$/), z.string().max(255))
  .refine((labels) => Object.keys(labels).length <= 32, 'at most 32 labels')
