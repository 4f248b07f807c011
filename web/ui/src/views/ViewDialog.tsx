import { Button, Modal, Skeleton, Switch, TextInput, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { viewChanged } from '../inbox/list/choices'
import { ApiError, api, messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { Catalogue, SavedView } from '../lib/types'
import { RuleBuilder } from '../rules/RuleBuilder'
import { asGroup, type Rule } from '../rules/rules'
import { useThings } from './useThings'
import s from './views.module.css'

const COLOURS = ['gray', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'indigo', 'violet', 'pink']

interface ViewDialogProps {
  /** null for a new one */
  view: SavedView | null
  /** what a new one begins with */
  rule: Rule
  onSaved: (id: string) => void
  onClose: () => void
}

/** Make or change a saved view. */
export default function ViewDialog({ view, rule: initial, onSaved, onClose }: ViewDialogProps) {
  const [name, setName] = useState(view?.name ?? '')
  const [colour, setColour] = useState(view?.colour ?? 'indigo')
  const [shared, setShared] = useState(view?.shared ?? false)
  const [rule, setRule] = useState<Rule>(asGroup((view?.rule as Rule | undefined) ?? initial))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const manages = useCan('inbox.manage')
  const catalogue = useQuery({
    queryKey: ['views', 'catalogue'],
    queryFn: ({ signal }) => api.get<Catalogue>('/views/catalogue', signal),
    staleTime: Infinity,
  })
  const things = useThings()
  const problems = error instanceof ApiError ? error.fields : []
  const general = error !== null && problems.length === 0 ? messageOf(error) : null

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const saved = view
        ? await api.patch<SavedView>(`/views/${view.id}`, { name, colour, rule })
        : await api.post<SavedView>('/views', { name, colour, rule, shared })
      viewChanged(saved.id)
      toast(view ? 'View changed' : `View “${saved.name}” saved`)
      onSaved(saved.id)
      onClose()
    } catch (refused) {
      setError(refused)
    } finally {
      setBusy(false)
    }
  }

  async function remove() {
    if (!view) return
    try {
      await api.delete(`/views/${view.id}`)
      viewChanged(view.id)
      toast(`View “${view.name}” deleted`)
      onSaved('open')
      onClose()
    } catch (refused) {
      toastError('The view was not deleted', refused)
    }
  }

  return (
    <Modal opened onClose={onClose} title={view ? 'Change view' : 'New view'} size="lg">
      <form className={s.form} onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Name"
          required
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problems.find((problem) => problem.field === 'name')?.message}
          data-autofocus
        />
        <div className={s.colours} role="radiogroup" aria-label="Colour">
          {COLOURS.map((each) => (
            <UnstyledButton key={each} role="radio" aria-checked={colour === each} aria-label={each} onClick={() => setColour(each)}>
              <i className={s.swatch} data-colour={each} data-on={colour === each || undefined} />
            </UnstyledButton>
          ))}
        </div>
        {catalogue.data ? (
          <RuleBuilder catalogue={catalogue.data} rule={rule} onChange={setRule} things={things} problems={problems} />
        ) : catalogue.error ? (
          <p role="alert">{messageOf(catalogue.error)}</p>
        ) : (
          <Skeleton height={120} />
        )}
        {manages && !view && (
          <Switch
            label="Shared with everybody"
            description="Otherwise only you see it."
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
        )}
        {general && (
          <p className={s.error} role="alert">
            {general}
          </p>
        )}
        <div className={s.buttons}>
          {view && (
            <Button variant="subtle" color="red" onClick={() => void remove()}>
              Delete
            </Button>
          )}
          <span />
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}
