import { Button, Menu, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { ApiError, api, messageOf } from '../lib/api'
import { plural } from '../lib/format'
import { useCan } from '../lib/session'
import { toast } from '../lib/toast'
import type { ContactList, Segment, SegmentPreview } from '../lib/types'
import { RuleBuilder } from '../rules/RuleBuilder'
import { asGroup, isWritten, partsOf, type Rule } from '../rules/rules'
import { Ago } from '../settings/parts/Ago'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { IconDots } from '../ui/icons'
import { useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { Curve } from './Curve'
import { DeleteSegment } from './DeleteSegment'
import { Members } from './Members'
import { Overlap } from './Overlap'
import { People } from './People'
import { useSegmentThings } from './useSegmentThings'
import { about, catalogueQuery, segmentQuery, segmentsChanged } from './segments'
import { queryClient } from '../lib/query'
import s from './segments.module.css'

const EVERYBODY: Rule = { all: [] }

/** A segment's rule with who it means while one writes it; below it, once it exists, who is in it. */
export function SegmentEditor({ segment }: { segment: Segment | null }) {
  const goTo = useCampaign()
  const mayWrite = useCan('contacts.write')
  const [name, setName] = useState(segment?.name ?? '')
  const [description, setDescription] = useState(segment?.description ?? '')
  const [rule, setRule] = useState<Rule>(asGroup((segment?.rule as Rule | undefined) ?? EVERYBODY))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [open, setOpen] = useState<'freeze' | 'delete' | null>(null)
  const catalogue = useQuery(catalogueQuery)
  const things = useSegmentThings(segment?.id)
  const problems = error instanceof ApiError ? error.fields : []
  const changed = !segment || name !== segment.name || description !== segment.description || JSON.stringify(rule) !== JSON.stringify(asGroup(segment.rule as Rule))

  async function save(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const saved = segment
        ? await api.patch<Segment>(`/segments/${segment.id}`, { name, description, rule, revision: segment.revision })
        : await api.post<Segment>('/segments', { name, description, rule })
      queryClient.setQueryData(segmentQuery(saved.id).queryKey, saved)
      segmentsChanged()
      toast(segment ? 'Segment changed' : `Segment “${saved.name}” saved`)
      if (!segment) goTo(`segments/${saved.id}`, { replace: true })
    } catch (refused) {
      setError(refused)
    }
    setBusy(false)
  }

  return (
    <form className={p.form} onSubmit={(event) => void save(event)} aria-label="Segment">
      <Head
        title={segment?.name ?? 'New segment'}
        back={{ to: 'segments', label: 'Segments' }}
        text={
          segment && (
            <>
              Changed by {segment.updated_by_name}, <Ago at={segment.updated_at} />
            </>
          )
        }
        actions={
          mayWrite && (
            <>
              {segment && (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <Button variant="default" aria-label="More about this segment" px={9}>
                      <IconDots size={17} />
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => setOpen('freeze')}>Keep who is in it now as a list…</Menu.Item>
                    <Menu.Item className={p.dangerItem ?? ''} onClick={() => setOpen('delete')}>
                      Delete…
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              )}
              <Button type="submit" loading={busy} disabled={!name.trim() || !changed || !isWritten(rule)}>
                Save
              </Button>
            </>
          )
        }
      />
      {segment?.broken && <Problem text="It asks for something that is gone, so nobody is in it. Change its conditions." />}
      <fieldset className={p.fieldset} disabled={!mayWrite}>
        <div className={p.pair}>
          <TextInput
            label="Name"
            required
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problems.find((problem) => problem.field === 'name')?.message}
          />
          <TextInput label="What it is for" maxLength={300} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        </div>
        <div className={s.editor}>
          <Panel title="Who is meant">
            {catalogue.data ? (
              <RuleBuilder catalogue={catalogue.data} rule={rule} onChange={setRule} things={things} problems={problems} none="no conditions: everybody" />
            ) : catalogue.error ? (
              <Problem text={messageOf(catalogue.error)} />
            ) : (
              <Skeleton height={140} />
            )}
            <Problem text={error !== null && problems.length === 0 ? messageOf(error) : ''} />
          </Panel>
          <Now rule={rule} segmentId={segment?.id} curve={segment && !changed ? segment.curve : null} />
        </div>
      </fieldset>
      {segment && (
        <>
          <Overlap segment={segment} />
          <Members segmentId={segment.id} />
        </>
      )}
      {segment && open === 'freeze' && <FreezeDialog segment={segment} onClose={() => setOpen(null)} />}
      {segment && open === 'delete' && <DeleteSegment segment={segment} onClose={() => setOpen(null)} />}
    </form>
  )
}

/** How many the rule means as it stands, and a few of them. */
interface NowProps {
  rule: Rule
  segmentId: string | undefined
  curve: Segment['curve'] | null
}

function Now({ rule, segmentId, curve }: NowProps) {
  const asked = useSettled(JSON.stringify(rule))
  const { data, error, isFetching } = useQuery({
    queryKey: ['segment-preview', asked],
    queryFn: ({ signal }) => api.post<SegmentPreview>('/segments/preview', { rule: JSON.parse(asked) as Rule, ...(segmentId && { segment_id: segmentId }) }, undefined, signal),
    enabled: isWritten(JSON.parse(asked) as Rule),
    placeholderData: keepPreviousData,
    // An estimate is soon an exact number.
    refetchInterval: (current) => (current.state.data?.exact === false ? 2_000 : false),
    gcTime: 0,
  })
  return (
    <aside className={s.now} aria-label="Who fits now" aria-busy={isFetching}>
      {error ? (
        <p className={s.quiet}>{partsOf(asGroup(rule)).length > 0 ? `Not counted yet: ${messageOf(error)}` : messageOf(error)}</p>
      ) : !data ? (
        <Skeleton height={120} />
      ) : (
        <>
          <p className={s.big} role="status">
            <b>{about(data.count, data.exact)}</b> {data.count === 1 ? 'person fits' : 'people fit'}
          </p>
          {!data.exact && <p className={s.quiet}>An estimate from a sample. The exact number follows.</p>}
          {curve && curve.length > 1 && <Curve days={curve} large />}
          {data.sample.length > 0 && (
            <>
              <h3>Some of them</h3>
              <People people={data.sample} />
            </>
          )}
        </>
      )}
    </aside>
  )
}

function FreezeDialog({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const [name, setName] = useState(`${segment.name}, ${new Date().toLocaleDateString()}`)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function freeze(event: FormEvent) {
    event.preventDefault()
    event.stopPropagation()
    setBusy(true)
    setProblem('')
    try {
      const list = await api.post<ContactList>(`/segments/${segment.id}/freeze`, { name })
      void queryClient.invalidateQueries({ queryKey: ['contact-lists'] })
      toast(`${plural(segment.count, 'person', 'people')} kept as the list “${list.name}”`)
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title="Keep as a list" size={440}>
      <form className={p.dialog} onSubmit={(event) => void freeze(event)}>
        <p className={p.prose}>Who is in the segment now goes on a list that stays as it is, whatever changes later.</p>
        <TextInput label="Name of the list" required maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            Keep as a list
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
