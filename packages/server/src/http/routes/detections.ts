import { routes } from '@keyward/contract/routes'
import { reportDetections } from '../../inventory/detection-report.ts'
import { dismissDetection, listDetections, reopenDetection, showDetection } from '../../inventory/detections.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { detections } = routes

export function detectionHandlers(services: Services): Implementation[] {
  const { db, vault } = services
  return [
    implement(detections.report, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const reported = await reportDetections(trx, permit, body, vault)
        const { items } = reported
        await act.record({
          details: {
            detections: items.length,
            new: items.filter((one) => one.is_new).length,
            known: items.filter((one) => one.known).length,
          },
        })
        return reported
      }),
    ),
    implement(detections.list, ({ permit, query }) => listDetections(db, permit, query)),
    implement(detections.show, ({ permit, params }) => showDetection(db, permit, params.id)),
    implement(detections.dismiss, ({ permit, params, body, transact }) =>
      transact(async (trx, act) => {
        const detection = await dismissDetection(trx, permit, params.id, body)
        await act.record({
          target: { kind: 'detection', id: detection.id },
          credential: detection.credential ?? undefined,
          reason: body.reason,
          details: { verb: 'dismiss', ...(body.until === undefined ? {} : { until: body.until }) },
        })
        return detection
      }),
    ),
    implement(detections.reopen, ({ permit, params, transact }) =>
      transact(async (trx, act) => {
        const detection = await reopenDetection(trx, permit, params.id)
        await act.record({
          target: { kind: 'detection', id: detection.id },
          credential: detection.credential ?? undefined,
          details: { verb: 'reopen' },
        })
        return detection
      }),
    ),
  ]
}
