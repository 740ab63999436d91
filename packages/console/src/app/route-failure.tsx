import { failureOf } from '../api/failure.ts'
import { FailureNotice } from '../components/failure-notice.tsx'

/** Where a page itself breaks, or its file can't be loaded (a newer Keyward was installed meanwhile). */
export function RouteFailure({ error }: { readonly error: unknown }) {
  const gone = error instanceof Error && /dynamically imported module|module script/i.test(error.message)
  return (
    <div className="mx-auto max-w-lg px-4 py-16">
      <FailureNotice
        failure={
          gone
            ? {
                code: 'page-gone',
                title: 'This page could not be loaded',
                fix: 'Keyward was updated, or the connection is lost. Load the console again.',
                usedBy: [],
                fields: [],
              }
            : failureOf(error)
        }
        onRetry={() => window.location.reload()}
      />
    </div>
  )
}
