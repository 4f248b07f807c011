import type { ComponentProps } from 'react'
import { ErrorState, NoPermission } from '../../ui/ErrorState'
import { Heading } from './Heading'

type HeadingOnly = Pick<ComponentProps<typeof Heading>, 'title' | 'back'>

/** A page that could not be read; its heading stays, so that one knows where one is. */
export function FailedPage({ error, onRetry, ...heading }: HeadingOnly & { error: unknown; onRetry: () => void }) {
  return (
    <>
      <Heading {...heading} />
      <ErrorState error={error} onRetry={onRetry} />
    </>
  )
}

export function ForbiddenPage(heading: HeadingOnly) {
  return (
    <>
      <Heading {...heading} />
      <NoPermission />
    </>
  )
}
