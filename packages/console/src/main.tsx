import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { cache } from './api/cache.ts'
import { takeLinkTokenFromAddress } from './app/link-token.ts'
import { takeProviderAnswerFromAddress } from './app/provider-answer.ts'
import { router } from './app/router.tsx'
import './styles/console.css'

takeLinkTokenFromAddress()
takeProviderAnswerFromAddress()

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no place for the console')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
