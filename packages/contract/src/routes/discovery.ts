import { z } from 'zod'
import {
  Detection,
  DetectionPage,
  DetectionQuery,
  DetectionsReport,
  DetectionsReported,
  DetectionWithSightings,
  Dismiss,
} from '../detections.ts'
import { idSchema } from '../ids.ts'
import { defineRoute } from '../route.ts'

const detectionId = z.object({ id: idSchema('detection') })
export const detectionRoutes = {
  report: defineRoute({
    id: 'detections.report',
    method: 'POST',
    path: '/api/v1/detections',
    summary: 'Report what a scanner found, by digests: which of it the inventory knows',
    access: 'detection:report',
    body: DetectionsReport,
    answer: DetectionsReported,
  }),
  list: defineRoute({
    id: 'detections.list',
    method: 'GET',
    path: '/api/v1/detections',
    summary: 'List detections: secrets that were seen outside their home',
    access: 'detection:read',
    query: DetectionQuery,
    answer: DetectionPage,
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'detections.show',
    method: 'GET',
    path: '/api/v1/detections/{id}',
    summary: 'One detection with its sightings',
    access: 'detection:read',
    params: detectionId,
    answer: DetectionWithSightings,
  }),
  dismiss: defineRoute({
    id: 'detections.dismiss',
    method: 'POST',
    path: '/api/v1/detections/{id}/dismiss',
    summary: 'Say that a detection needs nothing done, why, and until when',
    access: 'detection:triage',
    params: detectionId,
    body: Dismiss,
    answer: Detection,
    errors: ['conflict'],
  }),
  reopen: defineRoute({
    id: 'detections.reopen',
    method: 'POST',
    path: '/api/v1/detections/{id}/reopen',
    summary: 'Put a dismissed or adopted detection back on the list',
    access: 'detection:triage',
    params: detectionId,
    answer: Detection,
    errors: ['conflict'],
  }),
}
