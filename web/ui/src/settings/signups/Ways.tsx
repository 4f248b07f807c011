import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { shortDay } from '../../lib/format'
import type { Growth, SignupForm } from '../../lib/types'
import { channelLabel } from '../../ui/ChannelIcon'
import { CopyField } from '../parts/CopyField'
import { Panel } from '../parts/Panel'
import s from './signups.module.css'

/** How people come to a form: its page, as it looks, its links and codes to print; and how many did. */
export function Ways({ form }: { form: SignupForm }) {
  const ways = [{ label: 'Page', url: form.url, svg: form.qr_svg }, ...form.links.map((each) => ({ label: channelLabel(each.channel), url: each.url, svg: each.qr_svg }))]
  const [chosen, setChosen] = useState('Page')
  const way = ways.find((each) => each.label === chosen) ?? ways[0]
  return (
    <>
      <Panel title="Ways to it" text="Link to it, print the code, or show the page on your site.">
        <div className={s.ways}>
          <div className={s.stack}>
            {ways.length > 1 && <NativeSelect label="Way" data={ways.map((each) => each.label)} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} />}
            {way && <CopyField label="Link" value={way.url} />}
            {chosen === 'Page' && <CopyField label="For your site" value={form.embed} multiline />}
            {way && (
              <figure className={s.code}>
                <img src={`data:image/svg+xml;utf8,${encodeURIComponent(way.svg)}`} alt={`QR code: ${way.url}`} width={150} height={150} />
                <a href={`data:image/svg+xml;utf8,${encodeURIComponent(way.svg)}`} download={`${form.settings.name} ${way.label}.svg`}>
                  Download the code
                </a>
              </figure>
            )}
          </div>
          <iframe className={s.preview} src={`/join/${form.id}?preview=yes`} title="The page as people see it" sandbox="" />
        </div>
      </Panel>
      <Days form={form} />
    </>
  )
}

function Days({ form }: { form: SignupForm }) {
  const { data } = useQuery({
    queryKey: ['signup-forms', form.id, 'growth'],
    queryFn: ({ signal }) => api.get<Growth>(`/signup-forms/${form.id}/growth?days=30`, signal).then((page) => page.items),
  })
  const most = Math.max(1, ...(data ?? []).map((day) => day.sent + day.agreed))
  return (
    <Panel title="The last 30 days" text={`Shown ${form.shown} times, sent ${form.sent} times, ${form.agreed} agreed.`}>
      <div className={s.bars} role="img" aria-label={`${form.agreed} people agreed in the last 30 days`}>
        {(data ?? []).map((day) => (
          <span key={day.day} title={`${shortDay(day.day)}: ${day.agreed} agreed, ${day.sent} sent`}>
            <i style={{ height: `${(day.agreed / most) * 100}%` }} />
          </span>
        ))}
      </div>
    </Panel>
  )
}
