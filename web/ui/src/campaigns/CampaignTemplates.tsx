import { useCan } from '../lib/session'
import TemplatesPage from '../templates/TemplatesPage'
import { Places } from './Places'
import { RunningBar } from './RunningBar'
import s from './campaigns.module.css'

/** Templates, with the other places of marketers above for whoever has them. */
export default function CampaignTemplates() {
  const marketer = useCan('broadcasts.read')
  if (!marketer) return <TemplatesPage />
  return (
    <div className={s.page}>
      <Places current="templates" />
      <RunningBar />
      <div className={s.whole}>
        <TemplatesPage />
      </div>
    </div>
  )
}
