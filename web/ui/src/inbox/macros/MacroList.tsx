import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState, type KeyboardEvent } from 'react'
import { messageOf } from '../../lib/api'
import type { Macro, MacroRun } from '../../lib/types'
import { ErrorState } from '../../ui/ErrorState'
import { best } from '../assist/fuzzy'
import { Steps } from './Steps'
import { macrosQuery, planQuery, runMacro } from './macros'
import s from './macros.module.css'

interface MacroListProps {
  conversationId: string
  accountId: string | undefined
  onClose: () => void
  onReport: (name: string, run: MacroRun) => void
}

/** Macros by name, with what the one pointed at would do here. Arrows choose, Enter runs. */
export default function MacroList({ conversationId, accountId, onClose, onReport }: MacroListProps) {
  const listId = useId()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const { data, error, refetch } = useQuery(macrosQuery)
  const shown = best(typed, data ?? [], (macro) => [macro.name], 50)
  const index = Math.min(at, Math.max(0, shown.length - 1))
  const pointed = shown[index]

  function run(macro: Macro) {
    onClose()
    void runMacro(macro, conversationId, accountId).then((report) => report && onReport(macro.name, report))
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (shown.length > 0) setAt((index + (event.key === 'ArrowDown' ? 1 : shown.length - 1)) % shown.length)
    } else if (event.key === 'Enter' && pointed) run(pointed)
    else return
    event.preventDefault()
  }

  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <div className={s.panel}>
      <input
        className={s.search}
        type="search"
        role="combobox"
        aria-label="Search macros"
        aria-expanded={shown.length > 0}
        aria-controls={listId}
        aria-activedescendant={pointed ? `${listId}-${index}` : undefined}
        placeholder="Search macros"
        value={typed}
        data-autofocus
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      {data && shown.length === 0 && (
        <p className={s.quiet}>
          {data.length === 0 ? 'No macros yet.' : 'No macro is called that.'} They are kept in{' '}
          <Link to="/settings/$" params={{ _splat: 'macros' }} onClick={onClose}>
            the settings
          </Link>
          .
        </p>
      )}
      <div className={s.columns}>
        <div className={s.items} role="listbox" id={listId} aria-label="Macros" hidden={shown.length === 0}>
          {shown.map((macro, place) => (
            <div
              key={macro.id}
              id={`${listId}-${place}`}
              role="option"
              aria-selected={place === index}
              className={s.item}
              onMouseMove={() => place !== index && setAt(place)}
              onClick={() => run(macro)}
            >
              <b>{macro.name}</b>
              {!macro.shared && <small>Mine</small>}
            </div>
          ))}
        </div>
        {pointed && <Plan macro={pointed} conversationId={conversationId} accountId={accountId} />}
      </div>
    </div>
  )
}

function Plan({ macro, conversationId, accountId }: { macro: Macro; conversationId: string; accountId: string | undefined }) {
  const { data, error } = useQuery(planQuery(macro, conversationId, accountId))
  return (
    <div className={s.plan} aria-live="polite">
      {error && <p className={s.quiet}>It cannot be shown: {messageOf(error)}</p>}
      {data?.reason && <p className={s.quiet}>{data.reason}</p>}
      {data && <Steps steps={data.steps} />}
    </div>
  )
}
