import type { CompiledDetector } from '../compiled-detector.ts'
import { found, isAllowed } from './allowances.ts'
import type { Expression, UserRules } from './expression.ts'
import { AutomatonExpression } from './re2-expression.ts'

/** Runs users' detectors in RE2. */
export const userRules: UserRules = {
  expression: (detector: CompiledDetector): Expression => new AutomatonExpression(detector),
  excuses: (detector, match) =>
    (detector.path !== undefined && !found(detector.path, match.path)) || isAllowed(detector, { ...match, match: match.secret }),
}
