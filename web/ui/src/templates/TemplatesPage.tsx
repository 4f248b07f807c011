import { useParams } from '@tanstack/react-router'
import { useCan } from '../lib/session'
import { EmptyState } from '../ui/EmptyState'
import { IconTemplate } from '../ui/icons'
import { TwoPane } from '../ui/TwoPane'
import { BlockPane } from './BlockPane'
import { ContentPane } from './ContentPane'
import { DraftPane } from './DraftPane'
import { GalleryPane } from './GalleryPane'
import { TemplateDetail } from './TemplateDetail'
import { TemplateList } from './TemplateList'
import { GALLERY, isBlockId, isContentId, isDraftId } from './templates'

export default function TemplatesPage() {
  const { templateId } = useParams({ strict: false })
  return (
    <TwoPane
      title="Templates"
      allowed={useCan('templates.read')}
      wide
      list={<TemplateList chosen={templateId} />}
      detail={
        templateId &&
        (templateId === GALLERY ? (
          <GalleryPane />
        ) : isContentId(templateId) ? (
          <ContentPane key={templateId} id={templateId} />
        ) : isBlockId(templateId) ? (
          <BlockPane key={templateId} id={templateId} />
        ) : isDraftId(templateId) ? (
          <DraftPane key={templateId} id={templateId} />
        ) : (
          <TemplateDetail key={templateId} id={templateId} />
        ))
      }
      nothing={
        <EmptyState
          icon={IconTemplate}
          title="No template is open"
          text="Choose one to see how it reads, how it stands with the provider and where it is used."
        />
      }
    />
  )
}
