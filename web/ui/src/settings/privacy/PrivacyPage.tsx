import { useCan } from '../../lib/session'
import { ForbiddenPage } from '../parts/States'
import { Erasures } from './Erasures'

/** Who was erased, and what proves it. */
export default function PrivacyPage() {
  if (!useCan('privacy.manage')) return <ForbiddenPage title="Privacy" />
  return <Erasures />
}
