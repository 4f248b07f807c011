import { Skeleton } from '../../ui/Skeleton'
import { Heading } from './Heading'
import s from './parts.module.css'

/** A page that is being read; its title, if known, stands already where it will stay. */
export function PageSkeleton({ title }: { title?: string }) {
  return (
    <div className={s.skeleton} role="status" aria-label="Loading">
      {title ? <Heading title={title} /> : <Skeleton width={180} height={22} />}
      <Skeleton width="60%" />
      <Skeleton height={96} />
      <Skeleton height={96} />
    </div>
  )
}

export function RowsSkeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div className={s.rowsSkeleton} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={36} />
      ))}
    </div>
  )
}
