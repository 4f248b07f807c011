import type { ComponentProps } from 'react'
import { Heading } from '../settings/parts/Heading'
import { CampaignLink } from './CampaignLink'

/** The head of a page of Campaigns. */
export function Head(props: Omit<ComponentProps<typeof Heading>, 'BackLink'>) {
  return <Heading {...props} BackLink={CampaignLink} />
}
