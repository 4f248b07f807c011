import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { tagsQuery } from '../../inbox/list/choices'
import { api, messageOf } from '../../lib/api'
import { plural } from '../../lib/format'
import { toast } from '../../lib/toast'
import type { Tag } from '../../lib/types'
import { ConfirmDialog, Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'
import s from './tags.module.css'

const COLOURS: Tag['colour'][] = ['gray', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'indigo', 'violet', 'pink']

/** A new tag, or another name and colour. */
export function TagDialog({ tag, onClose }: { tag: Tag | null; onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(tag?.name ?? '')
  const [colour, setColour] = useState<Tag['colour']>(tag?.colour ?? 'blue')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    try {
      const body = { name: name.trim(), colour }
      await (tag ? api.patch(`/tags/${tag.id}`, body) : api.post('/tags', body))
      await client.invalidateQueries({ queryKey: tagsQuery.queryKey })
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={tag ? 'Edit tag' : 'New tag'} size={420}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput label="Name" value={name} maxLength={50} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <fieldset className={s.colours}>
          <legend>Colour</legend>
          {COLOURS.map((each) => (
            <label key={each} title={each}>
              <input type="radio" name="colour" value={each} aria-label={each} checked={each === colour} onChange={() => setColour(each)} />
              <i className={s.colour} data-colour={each} aria-hidden />
            </label>
          ))}
        </fieldset>
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            {tag ? 'Save' : 'Make the tag'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Everything that has or names the tag follows to another one. */
export function MergeDialog({ tag, others, onClose }: { tag: Tag; others: Tag[]; onClose: () => void }) {
  const client = useQueryClient()
  const [into, setInto] = useState(others[0]?.id ?? '')

  async function merge() {
    await api.post(`/tags/${tag.id}/merge`, { into })
    await client.invalidateQueries({ queryKey: tagsQuery.queryKey })
    toast(`${tag.name} is being merged.`)
  }

  return (
    <ConfirmDialog title={`Merge ${tag.name}?`} confirm="Merge" onConfirm={merge} onClose={onClose}>
      <NativeSelect
        mb="sm"
        label="Into"
        value={into}
        onChange={(event) => setInto(event.currentTarget.value)}
        data={others.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <p>
        Everything with {tag.name} gets the other tag instead: {plural(tag.total, 'conversation')}, tickets, saved views, macros, rules by skill and
        service levels.
        This cannot be undone. Reports on the past keep the old name.
      </p>
    </ConfirmDialog>
  )
}
