import { Button } from '@mantine/core'
import { useQuery, type UseQueryOptions } from '@tanstack/react-query'
import { useState, type ComponentType, type ReactNode } from 'react'
import { api, messageOf } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Permission } from '../../lib/types'
import { Problem } from './ConfirmDialog'
import { Heading } from './Heading'
import { PageSkeleton } from './PageSkeleton'
import { FailedPage, ForbiddenPage } from './States'
import p from './parts.module.css'

/** What the page is about, as it is being changed. */
export interface Whole<Stored, Value> {
  stored: Stored
  value: Value
  set: (change: Partial<Value>) => void
  mayManage: boolean
}

interface WholePageProps<Stored, Value> {
  title: string
  text: string
  read: Permission
  manage: Permission
  query: UseQueryOptions<Stored, Error, Stored, string[]>
  /** where it is put; the answer is what is stored then */
  path: string
  /** which part of what is read is changed */
  part: (stored: Stored) => Value
  Body: ComponentType<Whole<Stored, Value>>
}

/** A page of settings that are changed together, and saved as a whole when one says so. */
export function WholePage<Stored, Value extends object>(props: WholePageProps<Stored, Value>) {
  const { title, query, part } = props
  const mayRead = useCan(props.read)
  const { data, error, refetch } = useQuery({ ...query, enabled: mayRead })
  if (!mayRead) return <ForbiddenPage title={title} />
  if (error && !data) return <FailedPage title={title} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={title} />
  // A colleague's change gives the page a fresh form; what else is told beside it does not.
  return <Page key={JSON.stringify(part(data))} {...props} stored={data} />
}

function Page<Stored, Value extends object>({ title, text, manage, query, path, part, Body, stored }: WholePageProps<Stored, Value> & { stored: Stored }) {
  const mayManage = useCan(manage)
  const [value, setValue] = useState(() => part(stored))
  const [changed, setChanged] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  function set(change: Partial<Value>) {
    setValue((now) => ({ ...now, ...change }))
    setChanged(true)
  }

  async function save() {
    setBusy(true)
    setProblem('')
    try {
      queryClient.setQueryData(query.queryKey, await api.put<Stored>(path, value))
      setChanged(false)
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  return (
    <>
      <Heading
        title={title}
        text={text}
        actions={
          mayManage && (
            <Button onClick={() => void save()} loading={busy} disabled={!changed}>
              Save
            </Button>
          )
        }
      />
      <Problem text={problem} />
      <Body stored={stored} value={value} set={set} mayManage={mayManage} />
    </>
  )
}

/** Its fields; whoever may not change them reads them. */
export function WholeFields({ label, mayManage, children }: { label: string; mayManage: boolean; children: ReactNode }) {
  return (
    <fieldset className={p.fieldset} disabled={!mayManage}>
      <legend className="visually-hidden">{label}</legend>
      {children}
    </fieldset>
  )
}
